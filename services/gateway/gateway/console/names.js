// Who is inside by name, after the glass was broken: shown, and kept nowhere.

import { make, moment } from "/console/dom.js";

/** Show what was disclosed; `words` names the values of enumerations. */
export function names({ dwellings, withheld, expiresAt }, words) {
  const head = make("tr", {}, ...["Căn", "Họ tên", "Sinh", "Cần giúp", ""].map((title) => make("th", { scope: "col" }, title)));
  const rows = dwellings.flatMap(({ dwelling, people, absent, guests }) => [
    ...people.map((one) => row(dwelling, one, absent.includes(one.pseudonym) ? "tạm vắng" : "", words)),
    ...guests.map((one) => row(dwelling, one, one.standing ? "người thân hay đến" : "khách", words)),
  ]);
  const kept = withheld.map((field) => words[field]).filter(Boolean).join(", ");
  return make(
    "section", { class: "names" },
    make("h3", {}, `Tên người bên trong, xem được đến ${moment(expiresAt)}`),
    rows.length > 0 ? make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)) : make("p", {}, "Không ai khai báo ở đây."),
    kept && make("p", { class: "source" }, `Quy định không cho xem: ${kept}.`),
  );
}

function row(dwelling, one, remark, words) {
  const { year = 0, month = 0, day = 0 } = one.birthDate ?? {};
  const needed = one.assistance.map((type) => words[type]).join(", ");
  return make(
    "tr", { class: needed && "needs" },
    make("td", {}, dwelling.unit || dwelling.address), make("td", {}, one.fullName || "không được xem"),
    make("td", {}, [day, month, year].filter(Boolean).join("/")), make("td", {}, needed), make("td", {}, remark),
  );
}
