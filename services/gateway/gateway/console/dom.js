// Elements, made without ever reading text as markup.

/** Make an element; attributes by name, listeners as `on…` functions, children as elements or text. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value || value === 0) element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((child) => child !== "" && child != null && child !== false));
  return element;
}

/** Find what the page has under an id. */
export const found = (id) => document.getElementById(id);

/** Have an element hold these, and leave those that look the same where they are: focus and scrolling stay. */
export function fill(container, children) {
  const key = container.contains(document.activeElement) && document.activeElement.dataset.key;
  const before = [...container.children];
  children.forEach((child, at) => {
    if (!before[at]) container.append(child);
    else if (!before[at].isEqualNode(child)) before[at].replaceWith(child);
  });
  before.slice(children.length).forEach((child) => child.remove());
  if (key && !container.contains(document.activeElement)) container.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

const clock = new Intl.DateTimeFormat("vi-VN", {
  hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: "Asia/Ho_Chi_Minh",
});
const day = new Intl.DateTimeFormat("vi-VN", {
  day: "2-digit", month: "2-digit", year: "numeric", timeZone: "Asia/Ho_Chi_Minh",
});

/** Write an instant (RFC 3339) as people of the ward read it; the day only where it is not today. */
export function moment(instant) {
  if (!instant) return "";
  const at = new Date(instant);
  const today = day.format(at) === day.format(new Date());
  return today ? clock.format(at) : `${clock.format(at)} ngày ${day.format(at)}`;
}

/** Write a number with a decimal comma. */
export const figure = (value, digits = 0) =>
  value.toLocaleString("vi-VN", { minimumFractionDigits: digits, maximumFractionDigits: digits });
