// The six statuses: their words, order and icons. None is told by its colour alone: each has a shape and a word.

import { h, s, text, attribute } from "./dom.js";

/** How a thing can be, worst first. What is overdue has the status `UNKNOWN`, but that its result did not come is news. */
const CONDITIONS = ["ERROR", "FAILURE", "WARNING", "overdue", "UNKNOWN", "UPDATE", "OK"];

/** Worst first, as the board sorts them. */
export const STATUSES = CONDITIONS.filter((condition) => condition !== "overdue");

const URGENCY = new Map([...CONDITIONS].reverse().map((condition, urgency) => [condition, urgency]));

/** How a thing is: its status, or `overdue`. */
export const condition = (row) => (row.status === "UNKNOWN" && row.marks?.includes("overdue") ? "overdue" : known(row.status));
/** What to look at first, of statuses and conditions: 0 for OK up to 6 for ERROR. */
export const urgency = (condition) => URGENCY.get(condition) ?? URGENCY.get("UNKNOWN");
export const is_healthy = (condition) => condition === "OK" || condition === "UPDATE";
/** Whether somebody should look at it. */
export const is_bad = (condition) => urgency(condition) > urgency("UNKNOWN");
export const known = (status) => (STATUSES.includes(status) ? status : "UNKNOWN");
/** The status as which a condition is drawn where it stands for all: what is overdue is a warning. */
export const drawn_as = (condition) => (condition === "overdue" ? "WARNING" : condition);

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
  modified: "its script was changed by hand",
  unsandboxed: "runs without a sandbox",
  disabled: "switched off",
  adopted: "a timer of somebody else",
  auto_fix: "could not be brought back, and is left to you",
};

/** The marks of a row. */
export function marks(words) {
  return (words ?? []).map((word) => h("span", { class: "mark", "data-mark": word, title: MARKS[word] ?? null }, word));
}
