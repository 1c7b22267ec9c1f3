// Elements of the page. Everything that comes from the API becomes a text node or an attribute, never HTML: names and
// values come from other people's events.

import { age, clock, localTime, plain, time } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : plain(String(child)));
  }
  return element;
}
// An element of HTML, and one of SVG. Attributes that are null or false are left out; `on…` is a listener.
export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
export const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
export const byId = (id) => document.getElementById(id);

// A time in UTC, with the reader's own on hover. how: clock leaves out this year; ago says how long it is past.
export function when(text, how = "time") {
  if (!text) return "never";
  const said = how === "clock" ? clock(text) : how === "ago" ? age(text) + " ago" : time(text);
  return h("time", { datetime: text, title: time(text) + " UTC, here " + localTime(text) }, said);
}

// A number in few digits, with all of them on hover.
export const exact = (value, text) => h("span", { title: typeof value === "number" ? String(value) : null }, text);

// Replaces what is in an element, and gives the focus back to the control that had it.
export function show(element, ...children) {
  const active = /** @type {HTMLInputElement} */ (document.activeElement);
  const focused = element.contains(active) ? active.dataset.key : null;
  const caret = focused && active.selectionStart;
  element.replaceChildren(...children.flat(Infinity).filter((child) => child));
  if (!focused) return;
  const again = [...element.querySelectorAll("[data-key]")].find((one) => one.dataset.key === focused);
  if (!again) return;
  again.focus({ preventScroll: true });
  if (typeof caret === "number" && again.tagName === "INPUT") again.setSelectionRange(caret, caret);
}

// Shows what make() gives, where `key` says that it differs from what is there: a list that is open stays open.
export function showFor(element, key, make) {
  if (element.dataset.shown === key) return;
  element.dataset.shown = key;
  show(element, make());
}

// columns: [[heading, class], …]; rows: arrays of cells; chosen(index): whether a row is the one being looked at.
export function table(caption, columns, rows, chosen) {
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      null,
      h("caption", null, caption),
      h("thead", null, h("tr", null, columns.map(([name, style]) => h("th", { scope: "col", class: style }, name)))),
      h(
        "tbody",
        null,
        rows.map((row, index) =>
          h(
            "tr",
            { class: chosen && chosen(index) ? "chosen" : null },
            row.map((cell, column) => h("td", { class: columns[column][1] }, cell)),
          )
        ),
      ),
    ),
  );
}
