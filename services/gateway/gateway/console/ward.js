// What the console asks of the gateway, in the name of whoever has signed in.

/** An answer that is a refusal, in the words of its problem (RFC 9457). */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail_vi || problem.title_vi || `HTTP ${status}`);
    this.status = status;
  }
}

/** A stream says nothing for longer than this only if nobody is watching: a sign of life comes every 15 s. */
const SILENT_MS = 40_000;
const PAUSE_MS = 2_000;

export class Ward {
  #token;

  constructor(token) {
    this.#token = token;
  }

  async get(path) {
    return (await this.#ask(path)).json();
  }

  async document(path) {
    return (await this.#ask(path)).blob();
  }

  async post(path, body) {
    const content = { method: "POST", body: JSON.stringify(body) };
    return (await this.#ask(path, content, { "content-type": "application/json" })).json();
  }

  /** List all incidents that are open. */
  async openIncidents() {
    const incidents = [];
    let token = "";
    do {
      const page = new URLSearchParams({ openOnly: "true", pageSize: "500", pageToken: token });
      const answer = await this.get(`/v1/incidents?${page}`);
      incidents.push(...answer.incidents);
      token = answer.nextPageToken;
    } while (token);
    return incidents;
  }

  /**
   * Follow all changes of incidents until `signal` ends it. `begin` is called whenever the stream stands and what was
   * before is not known, `change` with each change, `linked` with whether somebody is watching for us.
   *
   * After a break the stream goes on behind the last change; where it cannot, it begins anew.
   */
  async follow({ begin, change, linked, signal }) {
    let last = "";
    while (!signal.aborted) {
      try {
        await this.#stream(last, { signal, linked, async take({ id, event, data }) {
          if (event === "error") throw new Refused(data.status, data);
          if (!last) await begin();
          last = id || last;
          if (data) change(data);
        } });
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Refused && error.status === 410) last = "";
        else if (error instanceof Refused && [401, 403].includes(error.status)) throw error;
      }
      linked(false);
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
  }

  async #stream(last, { signal, linked, take }) {
    const silence = new AbortController();
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENT_MS);
    };
    let timer;
    heard();
    try {
      const asked = { signal: AbortSignal.any([signal, silence.signal]) };
      const answer = await this.#ask("/v1/incidents:watch", asked, last ? { "last-event-id": last } : {});
      linked(true);
      let rest = "";
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read()) {
        heard();
        const blocks = (rest + value).split("\n\n");
        rest = blocks.pop();
        for (const block of blocks) await take(read(block));
      }
    } finally {
      clearTimeout(timer);
      silence.abort();
    }
  }

  async #ask(path, options = {}, headers = {}) {
    const answer = await fetch(path, {
      ...options,
      headers: { ...headers, authorization: `Bearer ${this.#token}`, "accept-language": "vi" },
      cache: "no-store",
    });
    if (!answer.ok) throw new Refused(answer.status, await answer.json().catch(() => ({})));
    return answer;
  }
}

/** Read one block of server-sent events; the gateway writes each field on one line. */
function read(block) {
  const fields = Object.fromEntries(
    block.split("\n").filter((line) => line && !line.startsWith(":")).map((line) => line.split(/: (.*)/s)),
  );
  return { id: fields.id ?? "", event: fields.event ?? "", data: fields.data && JSON.parse(fields.data) };
}

/** Tell whose token it is and when it ends; the services check it, this only reads. */
export function holder(token) {
  try {
    const bytes = atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
    const claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, (one) => one.charCodeAt(0))));
    return { account: String(claims.sub), ends: claims.exp * 1000 };
  } catch {
    return null;
  }
}
