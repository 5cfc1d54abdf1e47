// What the console asks of the gateway, in the name of whoever has signed in.

/** An answer that is a refusal, in the words of its problem (RFC 9457). */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail_vi || problem.title_vi || `HTTP ${status}`);
    this.status = status;
  }
}

const PATIENCE_MS = 15_000;
// A stream that says nothing for longer is watched by nobody: a sign of life comes every 15 s.
const SILENT_MS = 40_000;
const PAUSE_MS = 2_000;

export class Ward {
  #token;
  #signal;

  /** All that is asked ends with `signal`. */
  constructor(token, signal) {
    this.#token = token;
    this.#signal = signal;
  }

  async get(path) {
    return (await this.#answer(path)).json();
  }

  async document(path) {
    return (await this.#answer(path)).blob();
  }

  async post(path, body) {
    const content = { method: "POST", body: JSON.stringify(body) };
    return (await this.#answer(path, content, { "content-type": "application/json" })).json();
  }

  /** List all incidents that are open. */
  openIncidents() {
    return this.#list("/v1/incidents", "incidents", { openOnly: "true" });
  }

  /** List the fire alarms that nobody has seen, of premises, or of the whole ward where the id is empty. */
  unseenAlarms(premisesId) {
    return this.#list("/v1/alarms", "alarms", {
      premisesId, signalClass: "SIGNAL_CLASS_ALARM", state: "ALARM_STATE_ACTIVE",
    });
  }

  /**
   * Follow all changes of incidents until the signal ends it; raises Refused where the token opens nothing any more.
   *
   * `begin` is called when the stream stands and what was before is not known, `change` with each change, `watching`
   * once nothing is missing, and `lost` with the time of the last sign of life when nobody watches for us. After a
   * break the stream goes on behind the last change; where it cannot, it begins anew.
   */
  async follow({ begin, change, watching, lost }) {
    let last = "";
    let heardAt = Date.now();
    const heard = () => { heardAt = Date.now(); };
    const take = async ({ id, event, data }) => {
      if (event === "error") throw new Refused(data.status, data);
      if (!last) {
        await begin();
        watching();
      }
      last = id || last;
      if (data) change(data);
    };
    while (!this.#signal.aborted) {
      try {
        await this.#stream(last, { heard, take, attached: () => last && watching() });
      } catch (error) {
        if (this.#signal.aborted) return;
        if (error instanceof Refused && error.status === 410) last = "";
        else if (error instanceof Refused && [401, 403].includes(error.status)) throw error;
      }
      if (this.#signal.aborted) return;
      lost(heardAt);
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
  }

  async #list(path, items, wanted) {
    const all = [];
    let pageToken = "";
    do {
      const answer = await this.get(`${path}?${new URLSearchParams({ ...wanted, pageSize: "500", pageToken })}`);
      all.push(...answer[items]);
      pageToken = answer.nextPageToken;
    } while (pageToken);
    return all;
  }

  async #stream(last, { heard, take, attached }) {
    const silence = new AbortController();
    let timer;
    const alive = () => {
      heard();
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENT_MS);
    };
    timer = setTimeout(() => silence.abort(), SILENT_MS);
    try {
      const resumed = last ? { "last-event-id": last } : {};
      const answer = await this.#ask("/v1/incidents:watch", { signal: silence.signal }, resumed);
      attached();
      let rest = "";
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read()) {
        alive();
        const blocks = (rest + value).split("\n\n");
        rest = blocks.pop();
        for (const block of blocks) await take(read(block));
      }
    } finally {
      clearTimeout(timer);
      silence.abort();
    }
  }

  #answer(path, options = {}, headers = {}) {
    return this.#ask(path, { ...options, signal: AbortSignal.timeout(PATIENCE_MS) }, headers);
  }

  async #ask(path, options, headers) {
    const answer = await fetch(path, {
      ...options,
      signal: AbortSignal.any([this.#signal, options.signal]),
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

/** Tell whose token it is, with which roles, and when it ends; the services check it, this only reads. */
export function holder(token) {
  try {
    const bytes = atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
    const claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, (one) => one.charCodeAt(0))));
    return { account: String(claims.sub), roles: [claims.roles ?? []].flat(), ends: claims.exp * 1000 };
  } catch {
    return null;
  }
}
