// The rescue brief on the screen: what a rescuer must know, first what cannot wait.

import { figure, make, moment } from "/console/dom.js";

const UNITS = { ALARM_KIND_SMOKE: [3, "m⁻¹"], ALARM_KIND_HEAT: [1, "°C"], ALARM_KIND_CO: [0, "ppm"] };

/** Show a brief; `words` names the values of enumerations. */
export function show(brief, words) {
  const parts = [people, fire, hazards, access, contacts, dwellings, neighbours, water, unreliable, notified];
  return parts.map((part) => part(brief, words)).filter(Boolean);
}

function section(title, ...content) {
  const rows = content.flat().filter(Boolean);
  return rows.length > 0 && make("section", {}, make("h3", {}, title), ...rows);
}

const lines = (items) => items.length > 0 && make("ul", {}, ...items.map((item) => make("li", {}, ...[item].flat())));
const joined = (...parts) => parts.filter(Boolean).join(", ");

function storey(floor) {
  if (!floor) return "";
  return floor > 0 ? `tầng ${floor}` : `tầng hầm ${-floor}`;
}

/** Say where a number comes from, and loudly if what has changed since is not known. */
function source(provenance, words) {
  if (!provenance?.asOf) return make("p", { class: "source" }, "chưa có số liệu");
  const told = `nguồn ${words[provenance.source] ?? provenance.source}, lúc ${moment(provenance.asOf)}`;
  const stale = provenance.stale && make("strong", { class: "stale" }, "CŨ: chưa nhận được thay đổi mới. ");
  return make("p", { class: "source" }, stale, told);
}

const needs = (assistance, words) => assistance.map((one) => `${one.count} ${words[one.type]}`).join(", ");

/** Name a place with its floor, where its name does not say it. */
function at(name, floor) {
  const told = storey(floor);
  // `tầng 12` does not say `tầng 1`.
  const isSaid = told && new RegExp(`${told}(?!\\d)`, "i").test(name);
  return isSaid ? name : joined(name, told);
}

const NOT_REGISTERED = "Chưa biết: sổ cư trú chưa cho biết gì về nơi này.";

function people({ people: all, presence }, words) {
  const total = presence?.numbers.find((one) => one.kind === "PRESENCE_KIND_TOTAL");
  // Of a place that the register does not know, nobody knows that there is nobody.
  if (!all.provenance?.asOf && !total?.count) {
    return section("Người bên trong", make("p", { class: "count" }, "chưa biết"), make("p", { class: "source" }, NOT_REGISTERED));
  }
  const bands = all.ageBands ?? {};
  const ages = [
    ["under6", "dưới 6 tuổi"], ["from6To15", "6–15"], ["from16To59", "16–59"], ["from60To74", "60–74"], ["from75", "từ 75"],
  ].filter(([band]) => bands[band]).map(([band, name]) => `${name}: ${bands[band]}`);
  const parts = (presence?.numbers ?? [])
    .filter((one) => one.count && one !== total)
    .map((one) => `${words[one.kind]}: ${one.count}${words[one.bound]}`);
  const assistance = needs(all.assistance, words);
  return section(
    "Người bên trong",
    total && make("p", { class: "count" }, `${total.count}${words[total.bound]}`, make("small", {}, ` ${words[presence.period]}`)),
    assistance && make("p", { class: "needs" }, `Cần giúp: ${assistance}`),
    ages.length > 0 && make("p", {}, ages.join("; ")),
    lines(parts),
    all.provenance?.lowerBound && make("p", { class: "source" }, "Cận dưới: lưu trú có thể khai báo đến 23:00 hoặc sáng hôm sau."),
    source(all.provenance, words),
  );
}

function fire({ detectors }, words) {
  return section("Báo động", lines(detectors.map((one) => {
    const [digits, unit] = UNITS[one.kind] ?? [];
    const measured = unit && one.value ? ` ${figure(one.value, digits)} ${unit}` : "";
    const where = at(one.zoneName || one.deviceId, one.floor);
    const unknown = one.deviceKnown ? "" : " (thiết bị lạ)";
    const restored = one.restored && make("span", { class: "source" }, " đã hết");
    return [`${moment(one.raisedAt)} ${where}${unknown}: ${words[one.kind]}${measured}`, restored].filter(Boolean);
  })));
}

function hazards({ premises }) {
  return section("Nguy hiểm", lines((premises?.hazards ?? []).map((one) => {
    const more = joined(one.location, one.quantity);
    return more ? [make("strong", {}, one.description), `: ${more}`] : make("strong", {}, one.description);
  })) || make("p", {}, "Chưa khảo sát."));
}

function access({ premises, premisesProvenance, inspectionOverdue }, words) {
  if (!premises) return section("Cơ sở", make("p", {}, "Chưa biết cơ sở."));
  const way = premises.access ?? {};
  const stopped = premises.suspension;
  return section(
    "Đường vào",
    stopped && make("p", { class: "stale" }, `${words[stopped.kind] ?? stopped.kind}, quyết định ${stopped.decisionNumber}`),
    inspectionOverdue && make("p", { class: "stale" }, "Quá hạn kiểm tra PCCC"),
    lines([
      way.widthM && `rộng ${figure(way.widthM, 1)} m`,
      way.approach,
      way.shutOffs && `ngắt: ${way.shutOffs}`,
      way.waterSource && `nước: ${way.waterSource}${way.waterDistanceM ? `, cách ${figure(way.waterDistanceM)} m` : ""}`,
    ].filter(Boolean)),
    source(premisesProvenance, words),
  );
}

function contacts({ premises }) {
  return section("Gọi", lines((premises?.contacts ?? []).map((one) => [
    `${one.function}: ${one.name} `, make("a", { href: `tel:${one.phone.replaceAll(/[^0-9+]/g, "")}` }, one.phone),
  ])) || make("p", {}, "Chưa có đầu mối."));
}

function dwellings({ dwellings: all, people: { provenance } }, words) {
  const nobody = provenance?.asOf ? "Không ai khai báo." : NOT_REGISTERED;
  const head = make("tr", {}, ...["Tầng", "Căn", "Người", "Cần giúp"].map((title) => make("th", { scope: "col" }, title)));
  const rows = all.map(({ dwelling, present, registered, assistance }) => make(
    "tr", { class: assistance.length > 0 && "needs" },
    make("td", {}, storey(dwelling.floor)), make("td", {}, dwelling.unit || dwelling.address),
    make("td", {}, present === registered ? `${present}` : `${present} (đăng ký ${registered})`),
    make("td", {}, needs(assistance, words)),
  ));
  return section("Từng căn hộ", rows.length === 0 ? make("p", {}, nobody) : make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)));
}

function neighbours({ neighbours: all }, words) {
  return section("Người bên cạnh", lines(all.map((one) => {
    const isCounted = one.people?.present || one.people?.provenance?.asOf;
    const who = joined(isCounted && `${one.people.present} người`, one.working && `${one.working} người làm việc`);
    const help = needs(one.people?.assistance ?? [], words);
    const dangers = one.hazards.map((hazard) => hazard.description).join(", ");
    const where = `${words[one.relation]}: ${joined(one.name, one.address)}`;
    return joined(who ? `${where}: ${who}` : where, help && `cần giúp: ${help}`, dangers);
  })));
}

function water({ supplyPoints }, words) {
  return section("Nước, thiết bị gần nhất", lines(supplyPoints.map(({ supplyPoint: one, distanceM }) =>
    `${words[one.kind]} cách ${figure(distanceM)} m: ${joined(one.address, words[one.state], one.stateNote)}`)));
}

function unreliable({ devicesInTrouble, deviceModes, falseAlarms }, words) {
  return section("Thiết bị không tin được", lines([
    ...devicesInTrouble.map((one) => `${one.deviceId} ${at(one.zoneName, one.floor)}: ${words[one.kind]} từ ${moment(one.since)}`),
    ...deviceModes.map((one) => {
      const where = joined(words[one.scope] ?? one.targetId, at(one.zoneName, one.floor));
      return `${where}: ${words[one.kind]} đến ${moment(one.endsAt)}: ${one.reason}`;
    }),
    ...falseAlarms.map((one) => `báo giả ${moment(one.raisedAt)} ${one.zoneName || one.deviceId}: ${words[one.disposition]}`),
  ]));
}

function notified({ notifications }, words) {
  return section("Đã báo", lines(notifications.map((one) =>
    `${moment(one.sentAt)} ${words[one.recipient] ?? one.recipient}, qua ${words[one.channel] ?? one.channel}`))
    || make("p", {}, "Chưa báo ai."));
}
