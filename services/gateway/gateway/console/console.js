// The duty officer's page: what is open, as it happens; the rescue brief of one incident; who takes it on.

import { show } from "/console/brief.js";
import { fill, found, make, moment } from "/console/dom.js";
import { names } from "/console/names.js";
import { Shift, isWaiting } from "/console/shift.js";
import { canSound, ring } from "/console/sound.js";
import { Refused, holder } from "/console/ward.js";

const KEPT = "token";
const TITLE = "Trực ban – Phường số an toàn";
const FIRE_HZ = 880;
const LOST_HZ = 440;
// Changes of one incident that come within it are read together: a fire's detectors follow each other.
const SETTLE_MS = 250;
const RETRY_MS = 5_000;
// How often it is asked what others have seen, and only while an officer is asked to confirm it. Not by a second
// stream: a browser has six connections to a server, for all its tabs together.
const LOOK_MS = 10_000;
const WARN_MS = 15 * 60_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const DOWNLOAD_MS = 60_000;

// Links in messages name an incident.
const linkedTo = location.pathname.match(/^\/incidents\/([0-9a-f-]{36})$/)?.[1] ?? "";
const glass = found("glass");
const words = await untilRead("/console/words.json");
const roles = await untilRead("/console/roles.json");
let shift, chosen, pending, looking, warning, disclosed;
// Whoever was signed out by the services, and not by a person, may think that somebody watches.
let isForsaken = false;

async function untilRead(path) {
  for (;;) {
    try {
      const answer = await fetch(path);
      if (answer.ok) return await answer.json();
    } catch {
      // Told below.
    }
    notify("Không tải được trang. Đang thử lại…");
    await new Promise((done) => setTimeout(done, RETRY_MS));
  }
}

// --- signing in and out

function enter(token) {
  const who = holder(token);
  if (!who || who.ends <= Date.now()) return leave(who ? "Mã truy cập đã hết hạn." : "Đây không phải mã truy cập.");
  sessionStorage.setItem(KEPT, token);
  const mine = shift = new Shift(token, who.roles, roles);
  chosen = linkedTo;
  isForsaken = false;
  found("account").textContent = `${who.account}, mã dùng đến ${moment(who.ends)}`;
  found("link").textContent = "đang kết nối";
  const warnIn = Math.min(Math.max(who.ends - WARN_MS - Date.now(), 0), LONGEST_TIMER_MS);
  warning = setTimeout(() => notify(`Mã truy cập hết hạn lúc ${moment(who.ends)}: hãy lấy mã mới.`), warnIn);
  present(true);
  notify("");
  draw();
  mine.ward.follow({
    begin: () => begin(mine),
    change: (answer) => change(mine, answer),
    watching: () => linked(mine, 0),
    lost: (heardAt) => linked(mine, heardAt),
  }).catch((error) => mine.isOver || leave(told(error), true));
}

function leave(reason = "", forsaken = false) {
  shift?.end();
  shift = undefined;
  isForsaken = forsaken;
  sessionStorage.removeItem(KEPT);
  for (const timer of [pending, looking, warning]) clearTimeout(timer);
  hide();
  for (const id of ["account", "link", "heading", "brief", "incidents", "news"]) found(id).replaceChildren();
  present(false);
  notify(reason);
  head();
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

const told = (error) => (error instanceof Refused ? error.message : "Máy chủ không trả lời.");

function linked(mine, heardAt) {
  if (mine.isOver) return;
  mine.lostAt = heardAt && (mine.lostAt || heardAt);
  if (!heardAt) mine.isLossSilenced = false;
  found("link").textContent = heardAt ? `MẤT KẾT NỐI từ ${moment(mine.lostAt)}` : "đang theo dõi";
  found("link").classList.toggle("broken", Boolean(heardAt));
  head();
  // What could not be read meanwhile can be now.
  if (!heardAt && chosen) later(mine, chosen);
}

// --- what is open

async function begin(mine) {
  const open = await mine.ward.openIncidents();
  if (mine.isOver) return;
  mine.list(open);
  if (chosen) draw();
  else choose(mine.open[0]?.incidentId ?? "");
}

function change(mine, { incident }) {
  if (mine.isOver || !incident) return;
  const isNew = !mine.incident(incident.incidentId);
  if (!mine.learn(incident)) return;
  if (isNew && !incident.endedAt) found("news").textContent = `Mới: ${titled(incident)}, ${incident.place}`;
  if (incident.incidentId === chosen) {
    if (incident.endedAt) hide();
    later(mine, chosen);
  } else if (!chosen || (!mine.isOpen(chosen) && isWaiting(incident) && !glass.open)) {
    if (!incident.endedAt) return choose(incident.incidentId);
  }
  draw();
}

const titled = (one) => `${one.priority.slice(-2)} ${words[one.kind] ?? ""}${one.exercise ? " – DIỄN TẬP" : ""}`;

function entry(one) {
  return make("li", {}, make(
    "button",
    {
      type: "button",
      class: `${one.priority} ${isWaiting(one) ? "waiting" : ""}`,
      "data-key": one.incidentId,
      "aria-current": one.incidentId === chosen && "true",
      onclick: () => {
        choose(one.incidentId);
        found("heading").scrollIntoView({ block: "nearest" });
      },
    },
    make("strong", {}, titled(one)),
    make("span", {}, one.place || "chưa rõ nơi xảy ra"),
    make("small", {}, `${one.number}, ${moment(one.openedAt)}, ${words[one.state]}`),
  ));
}

// --- what calls

function calling() {
  if (shift?.waiting.some((one) => !shift.silenced.has(one.incidentId))) return FIRE_HZ;
  return isForsaken || (shift?.lostAt && !shift.isLossSilenced) ? LOST_HZ : 0;
}

/** Say in title and buttons what the page calls for. */
function head() {
  const waiting = shift?.waiting.length ?? 0;
  const lost = isForsaken || shift?.lostAt ? "MẤT KẾT NỐI – " : "";
  document.title = `${lost}${waiting ? `(${waiting}) ` : ""}${TITLE}`;
  found("mute").hidden = !calling();
  found("mute").textContent = canSound() ? "Tắt tiếng" : "Bật tiếng";
}

function mute() {
  // The touch itself has the page sound from now on.
  if (found("mute").textContent === "Bật tiếng") return head();
  isForsaken = false;
  for (const one of shift?.waiting ?? []) shift.silenced.add(one.incidentId);
  if (shift) shift.isLossSilenced = true;
  head();
}

// --- one incident

function choose(id) {
  if (id !== chosen) hide();
  chosen = id;
  draw();
  if (id) later(shift, id);
}

function later(mine, id, wait = mine.briefs.has(id) ? SETTLE_MS : 0) {
  clearTimeout(pending);
  pending = setTimeout(() => refresh(mine, id), wait);
}

async function refresh(mine, id) {
  try {
    const { brief } = await mine.ward.get(`/v1/incidents/${id}/brief`);
    mine.keep(id, brief);
  } catch (error) {
    mine.faults.set(id, told(error));
    if (!mine.isOver && id === chosen && !(error instanceof Refused && error.status < 500)) later(mine, id, RETRY_MS);
  }
  if (mine.isOver || id !== chosen) return;
  draw();
  await look(mine, id);
}

/** Ask which alarms of an incident somebody has seen: neither the incident nor its stream says so. */
async function look(mine, id) {
  const one = mine.incident(id);
  if (!one || one.endedAt || !mine.may("see")) return;
  try {
    const before = new Set(mine.seen);
    mine.learnSeen(one.alarmIds, await mine.ward.unseenAlarms(one.premisesId), before);
  } catch {
    // What nobody may have seen is offered: to confirm it again changes nothing.
  }
  mine.asked.add(id);
  if (mine.isOver || id !== chosen) return;
  draw();
  clearTimeout(looking);
  if (mine.unconfirmed(mine.incident(id)).length > 0) looking = setTimeout(() => look(mine, id), LOOK_MS);
}

/** Draw all that is known now. */
function draw() {
  if (!shift) return;
  fill(found("incidents"), shift.open.map(entry));
  found("none").hidden = !shift.isListed || shift.open.length > 0;
  const one = shift.incident(chosen);
  const brief = shift.briefs.get(chosen);
  const fault = shift.faults.get(chosen);
  if (disclosed?.ends <= Date.now()) hide();
  fill(found("heading"), one ? heading(one, brief, fault) : [fault ?? ""].filter(Boolean).map(failed));
  found("heading").className = one?.priority ?? "";
  fill(found("brief"), brief ? show(brief, words) : []);
  head();
}

const failed = (text) => make("p", { class: "stale" }, `Không đọc được hồ sơ cứu nạn. ${text}`);

function heading(one, brief, fault) {
  const id = one.incidentId;
  const unconfirmed = shift.unconfirmed(one);
  const act = (key, name, onclick, more) => make("button", { type: "button", "data-key": key, onclick, ...more }, name);
  return [
    make("h2", {}, one.place || "Chưa rõ nơi xảy ra"),
    make("p", {}, [one.address, one.number, words[one.state], one.exercise && "DIỄN TẬP"].filter(Boolean).join(" · ")),
    one.acknowledgedAt && make("p", {}, `${one.acknowledgedBy} tiếp nhận lúc ${moment(one.acknowledgedAt)}`),
    fault && failed(fault),
    fault && brief && make("p", { class: "stale" }, `Đang xem bản lúc ${moment(brief.generatedAt)}.`),
    shift.may("take") && !one.endedAt && !one.acknowledgedAt &&
      act("take", "Tiếp nhận", () => acknowledge(shift, id), { class: "act", disabled: shift.busy.has(id) }),
    unconfirmed.length > 0 &&
      act("see", `Xác nhận đã thấy ${unconfirmed.length} báo động`, () => see(shift, id), { disabled: shift.busy.has(id) }),
    shift.may("print") && act("print", "In hồ sơ (PDF)", () => print(shift, one)),
    shift.may("names") && !one.endedAt && act("names", "Xem tên người bên trong", () => glass.showModal()),
  ].filter(Boolean);
}

async function acknowledge(mine, id) {
  mine.busy.add(id);
  draw();
  try {
    const answer = await mine.once(`take ${id}`, (requestId) => mine.ward.post(`/v1/incidents/${id}:acknowledge`, { requestId }));
    notify("");
    change(mine, answer);
  } catch (error) {
    mine.busy.delete(id);
    if (mine.isOver) return;
    notify(`Chưa tiếp nhận được. ${told(error)}`);
    return draw();
  }
  await see(mine, id);
}

/** Confirm the alarms of an incident: each counts as seen by nobody until then, whoever has taken the incident on. */
async function see(mine, id) {
  mine.busy.add(id);
  if (!mine.isOver) draw();
  let fault = null;
  for (const alarm of mine.unseen(mine.incident(id))) {
    try {
      await mine.once(`see ${alarm}`, (requestId) => acknowledgeAlarm(mine, alarm, requestId));
      mine.seen.add(alarm);
    } catch (error) {
      fault = error;
      // What is refused of one alarm may be done for the next; who may not, or cannot reach anybody, need not go on.
      if (!(error instanceof Refused) || error.status === 403) break;
    }
  }
  mine.busy.delete(id);
  if (mine.isOver) return;
  if (fault) notify(`Chưa xác nhận được báo động. ${told(fault)}`);
  draw();
}

async function acknowledgeAlarm(mine, alarm, requestId) {
  try {
    await mine.ward.post(`/v1/alarms/${alarm}:acknowledge`, { requestId });
  } catch (error) {
    // One that was reset meanwhile, or that nobody knows any more, is over.
    if (!(error instanceof Refused && [404, 409].includes(error.status))) throw error;
  }
}

async function print(mine, { incidentId, number }) {
  try {
    const address = URL.createObjectURL(await mine.ward.document(`/v1/incidents/${incidentId}/brief.pdf`));
    make("a", { href: address, download: `${number}.pdf` }).click();
    setTimeout(() => URL.revokeObjectURL(address), DOWNLOAD_MS);
    notify("");
  } catch (error) {
    if (!mine.isOver) notify(`Không in được hồ sơ. ${told(error)}`);
  }
}

// --- names: behind glass, for a reason, until they expire or another incident is looked at

async function breakGlass(mine, id) {
  const reason = found("reason").value.trim().replaceAll(/\s+/g, " ");
  glass.close();
  try {
    const answer = await mine.once(`glass ${id} ${reason}`, (requestId) =>
      mine.ward.post(`/v1/incidents/${id}:discloseOccupants`, { requestId, reason }));
    if (mine.isOver || id !== chosen) return;
    hide();
    const ends = Date.parse(answer.expiresAt);
    disclosed = { ends, timer: setTimeout(hide, Math.min(ends - Date.now(), LONGEST_TIMER_MS)) };
    fill(found("names"), [names(answer, words)]);
    notify("");
  } catch (error) {
    if (!mine.isOver) notify(`Không xem được tên. ${told(error)}`);
  }
}

function hide() {
  clearTimeout(disclosed?.timer);
  disclosed = undefined;
  found("names").replaceChildren();
  found("reason").value = "";
  if (glass.open) glass.close();
}

found("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  const token = found("token").value.trim();
  found("token").value = "";
  enter(token);
});
found("leave").addEventListener("click", () => leave());
found("mute").addEventListener("click", mute);
found("keep").addEventListener("click", () => glass.close());
glass.addEventListener("submit", (event) => {
  event.preventDefault();
  breakGlass(shift, chosen);
});
// Timers stand still while a machine sleeps.
document.addEventListener("visibilitychange", draw);
ring(calling, head);

const kept = sessionStorage.getItem(KEPT);
if (kept) enter(kept);
else present(false);
