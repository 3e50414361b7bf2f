// The six statuses: their words, order and icons. None is told by its colour alone: each has a shape and a word.

import { h, s, text, attribute } from "./dom.js";

/** Worst first, as the board sorts them. */
export const STATUSES = ["ERROR", "FAILURE", "WARNING", "UNKNOWN", "UPDATE", "OK"];

const URGENCY = new Map([...STATUSES].reverse().map((status, urgency) => [status, urgency]));

/** What to look at first: 0 for OK up to 5 for ERROR. */
export const urgency = (status) => URGENCY.get(status) ?? 2;
export const is_healthy = (status) => status === "OK" || status === "UPDATE";
export const is_bad = (status) => urgency(status) > urgency("UNKNOWN");
export const known = (status) => (URGENCY.has(status) ? status : "UNKNOWN");

/** The worst of some statuses; null of none. */
export function worst(statuses) {
  let found = null;
  for (const status of statuses) if (found === null || urgency(status) > urgency(found)) found = status;
  return found;
}

/** A symbol of the sprite in the page's shell. */
export function icon(name, attributes) {
  return s("svg", { class: "icon", "aria-hidden": "true", ...attributes }, s("use", { href: `#i-${name}` }));
}

/** The live indicator; with `word`, its word is to be seen, else only to be heard. */
export class Indicator {
  constructor(word) {
    this.use = s("use", null);
    this.word = h("span", { class: word ? "word" : "sr" });
    this.element = h("span", { class: "indicator" }, s("svg", { class: "icon", "aria-hidden": "true" }, this.use), this.word);
  }

  /** Shows a status, and whether a run goes on. */
  show(status, running) {
    const shown = known(status);
    attribute(this.element, "data-status", shown);
    attribute(this.element, "data-running", running ? "" : null);
    attribute(this.use, "href", `#i-${shown.toLowerCase()}`);
    text(this.word, shown);
    return this;
  }
}

export function indicator(status, word = true) {
  return new Indicator(word).show(status, false).element;
}

const MARKS = {
  soft: "a bad result that does not count yet",
  overdue: "no result came in time",
  drift: "is not as expected",
  root: "runs as root",
  unsandboxed: "runs without a sandbox",
  disabled: "switched off",
  adopted: "a timer of somebody else",
  auto_fix: "could not be brought back, and is left to you",
};

/** The marks of a row. */
export function marks(words) {
  return (words ?? []).map((word) => h("span", { class: "mark", "data-mark": word, title: MARKS[word] ?? null }, word));
}
