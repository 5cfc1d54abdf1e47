// The duty officer's page: what is open, as it happens; the rescue brief of one incident; who takes it on.

import { show } from "/console/brief.js";
import { found, make, moment } from "/console/dom.js";
import { names } from "/console/names.js";
import { Refused, Ward, holder } from "/console/ward.js";

const KEPT = "token";
const ENDED = ["CLOSED", "RESOLVED", "TRANSFERRED", "FALSE_ALARM", "DUPLICATE"].map((state) => `INCIDENT_STATE_${state}`);
const RING_MS = 2_000;
// Changes of one incident that come within it are read together: a fire's detectors follow each other.
const SETTLE_MS = 250;

const words = await (await fetch("/console/words.json")).json();
const incidents = new Map();
const briefs = new Map();
const silenced = new Set();
// Links in messages name an incident.
const linkedTo = location.pathname.match(/^\/incidents\/([0-9a-f-]{36})$/)?.[1] ?? "";
let ward, shift, chosen = linkedTo, pending, disclosed;

// --- signing in and out

function enter(token) {
  const who = holder(token);
  if (!who || who.ends <= Date.now()) return leave(who ? "Mã truy cập đã hết hạn." : "Đây không phải mã truy cập.");
  sessionStorage.setItem(KEPT, token);
  ward = new Ward(token);
  shift = new AbortController();
  found("account").textContent = `${who.account}, mã dùng đến ${moment(who.ends)}`;
  present(true);
  notify("");
  ward.follow({ begin, change, linked, signal: shift.signal }).catch((error) => leave(error.message));
}

function leave(reason = "") {
  shift?.abort();
  sessionStorage.removeItem(KEPT);
  for (const kept of [incidents, briefs, silenced]) kept.clear();
  chosen = linkedTo;
  hide();
  found("brief").replaceChildren();
  found("account").textContent = "";
  found("link").textContent = "";
  present(false);
  notify(reason);
  list();
}

function present(signedIn) {
  found("enter").hidden = signedIn;
  for (const id of ["watch", "leave"]) found(id).hidden = !signedIn;
  if (!signedIn) found("token").focus();
}

function notify(text) {
  found("notice").textContent = text;
  found("notice").hidden = !text;
}

function linked(isLinked) {
  const link = found("link");
  const since = link.dataset.since || moment(new Date());
  link.dataset.since = isLinked ? "" : since;
  link.textContent = isLinked ? "đang theo dõi" : `MẤT KẾT NỐI từ ${since}`;
  link.classList.toggle("broken", !isLinked);
}

// --- what is open

async function begin() {
  const open = await ward.openIncidents();
  incidents.clear();
  for (const one of open) incidents.set(one.incidentId, one);
  list();
  choose(chosen || (sorted()[0]?.incidentId ?? ""));
}

function change({ incident }) {
  const known = incidents.get(incident?.incidentId);
  if (!incident || (known && BigInt(known.version) > BigInt(incident.version))) return;
  if (ENDED.includes(incident.state)) incidents.delete(incident.incidentId);
  else incidents.set(incident.incidentId, incident);
  list();
  if (!incidents.has(chosen) && incident.incidentId !== chosen) choose(incident.incidentId);
  else if (incident.incidentId === chosen) later(chosen);
}

const isWaiting = (one) => !one.acknowledgedAt && !one.exercise && one.priority <= "PRIORITY_P2";

function sorted() {
  const rank = (one) => `${isWaiting(one) ? 0 : 1}${one.priority}`;
  return [...incidents.values()].sort(
    (one, other) => rank(one).localeCompare(rank(other)) || other.openedAt.localeCompare(one.openedAt));
}

function list() {
  const open = sorted();
  found("incidents").replaceChildren(...open.map(entry));
  found("none").hidden = open.length > 0;
  const waiting = open.filter(isWaiting);
  found("mute").hidden = waiting.every((one) => silenced.has(one.incidentId));
  document.title = `${waiting.length > 0 ? `(${waiting.length}) ` : ""}Trực ban – Phường số an toàn`;
}

function entry(one) {
  const kind = words[one.kind] ?? "";
  return make("li", {}, make(
    "button",
    {
      type: "button",
      class: `${one.priority} ${isWaiting(one) ? "waiting" : ""}`,
      "aria-current": one.incidentId === chosen && "true",
      onclick: () => choose(one.incidentId),
    },
    make("strong", {}, `${one.priority.slice(-2)} ${kind}${one.exercise ? " – DIỄN TẬP" : ""}`),
    make("span", {}, one.place || "chưa rõ nơi xảy ra"),
    make("small", {}, `${one.number}, ${moment(one.openedAt)}, ${words[one.state]}`),
  ));
}

// --- one incident

function choose(id) {
  if (id !== chosen) hide();
  chosen = id;
  list();
  draw();
  if (id) later(id);
}

function later(id) {
  clearTimeout(pending);
  pending = setTimeout(() => refresh(id), briefs.has(id) ? SETTLE_MS : 0);
}

async function refresh(id) {
  try {
    const { brief } = await ward.get(`/v1/incidents/${id}/brief`);
    briefs.set(id, brief);
    notify("");
  } catch (error) {
    const kept = briefs.get(id);
    const copy = kept ? ` Đang xem bản lúc ${moment(kept.generatedAt)}.` : "";
    notify(`Không đọc được hồ sơ cứu nạn. ${told(error)}${copy}`);
  }
  if (id === chosen) draw();
}

function draw() {
  const brief = briefs.get(chosen);
  const one = incidents.get(chosen) ?? brief?.incident;
  const parts = brief ? show(brief, words) : [];
  found("brief").replaceChildren(...(one ? [heading(one), disclosed ?? "", ...parts] : []));
}

function heading(one) {
  const taken = one.acknowledgedAt && `${one.acknowledgedBy} tiếp nhận lúc ${moment(one.acknowledgedAt)}`;
  const open = incidents.has(one.incidentId);
  return make(
    "header", { class: one.priority },
    make("h2", {}, one.place || "Chưa rõ nơi xảy ra"),
    make("p", {}, [one.address, one.number, words[one.state], one.exercise && "DIỄN TẬP"].filter(Boolean).join(" · ")),
    taken && make("p", {}, taken),
    open && !one.acknowledgedAt && make("button", { type: "button", class: "act", onclick: acknowledge }, "Tiếp nhận"),
    make("button", { type: "button", onclick: print }, "In hồ sơ (PDF)"),
    open && make("button", { type: "button", onclick: ask }, "Xem tên người bên trong"),
  );
}

async function acknowledge({ currentTarget: button }) {
  const id = chosen;
  button.disabled = true;
  // Asked again after an error it is the same request: it is done once.
  button.dataset.request ||= crypto.randomUUID();
  try {
    change(await ward.post(`/v1/incidents/${id}:acknowledge`, { requestId: button.dataset.request }));
    notify("");
  } catch (error) {
    notify(`Chưa tiếp nhận được. ${told(error)}`);
    button.disabled = false;
  }
}

// --- names: behind glass, for a reason, until they expire or another incident is looked at

const glass = found("glass");
let request, expiry;

function ask() {
  request = crypto.randomUUID();
  glass.showModal();
}

async function breakGlass(event) {
  event.preventDefault();
  const id = chosen;
  const reason = found("reason").value.trim().replaceAll(/\s+/g, " ");
  glass.close();
  try {
    const answer = await ward.post(`/v1/incidents/${id}:discloseOccupants`, { requestId: request, reason });
    found("reason").value = "";
    notify("");
    if (id !== chosen) return;
    disclosed = names(answer, words);
    expiry = setTimeout(() => (hide(), draw()), Date.parse(answer.expiresAt) - Date.now());
    draw();
  } catch (error) {
    notify(`Không xem được tên. ${told(error)}`);
  }
}

function hide() {
  clearTimeout(expiry);
  disclosed = undefined;
  if (glass.open) glass.close();
}

async function print() {
  const { number, incidentId } = incidents.get(chosen) ?? briefs.get(chosen).incident;
  try {
    const address = URL.createObjectURL(await ward.document(`/v1/incidents/${incidentId}/brief.pdf`));
    make("a", { href: address, download: `${number}.pdf` }).click();
    setTimeout(() => URL.revokeObjectURL(address), SETTLE_MS);
  } catch (error) {
    notify(`Không in được hồ sơ. ${told(error)}`);
  }
}

const told = (error) => (error instanceof Refused ? error.message : "Không kết nối được với máy chủ.");

// --- what must be heard

let sound;

function ring() {
  const ringing = sorted().some((one) => isWaiting(one) && !silenced.has(one.incidentId));
  if (!ringing || !sound) return;
  const tone = new OscillatorNode(sound, { frequency: 880 });
  tone.connect(sound.destination);
  tone.start();
  tone.stop(sound.currentTime + 0.4);
}

function silence() {
  for (const one of sorted().filter(isWaiting)) silenced.add(one.incidentId);
  list();
}

// Browsers let a page sound only after somebody has touched it.
addEventListener("pointerdown", () => (sound ??= new AudioContext()), { once: true });
addEventListener("keydown", () => (sound ??= new AudioContext()), { once: true });
setInterval(ring, RING_MS);

found("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  const token = found("token").value.trim();
  found("token").value = "";
  enter(token);
});
found("leave").addEventListener("click", () => leave());
glass.addEventListener("submit", breakGlass);
found("keep").addEventListener("click", () => glass.close());
found("mute").addEventListener("click", silence);

const kept = sessionStorage.getItem(KEPT);
if (kept) enter(kept);
else present(false);
