// Times as people read them. Ages tick: every `<time>` that was made here is kept up to date by `tick`.

import { h, text, attribute } from "./dom.js";

const UNITS = [
  [86400 * 365, "y"],
  [86400, "d"],
  [3600, "h"],
  [60, "min"],
  [1, "s"],
];

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const other_year = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const short = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const whole = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "long" });

/** How far the host's clock is ahead of this one, in milliseconds: ages are the host's. */
let ahead = 0;

export function set_host_time(iso) {
  const time = Date.parse(iso);
  // Below a second it is the way of the message.
  if (!Number.isNaN(time)) ahead = Math.abs(time - Date.now()) > 1000 ? time - Date.now() : 0;
}

/** The host's present, in milliseconds since 1970. */
export function now() {
  return Date.now() + ahead;
}

/** Seconds in words, with one unit: `12 s`, `4 min`, `3 h`, `2 d`. */
export function span(seconds) {
  const whole_seconds = Math.max(0, Math.round(seconds));
  const [size, unit] = UNITS.find(([size]) => whole_seconds >= size) ?? UNITS[UNITS.length - 1];
  return `${Math.floor(whole_seconds / size)} ${unit}`;
}

/** A duration as it was measured: `0.034 s`, `1.2 s`, `2 min 5 s`. */
export function measured(seconds) {
  if (typeof seconds !== "number") return "–";
  if (seconds < 0.1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const [minutes, rest] = [Math.floor(seconds / 60), Math.round(seconds % 60)];
  return rest ? `${minutes} min ${rest} s` : `${minutes} min`;
}

/** A moment of today as a clock shows it, of another day with the day. */
export function moment(iso) {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return "–";
  const today = new Date(now());
  if (time.toDateString() === today.toDateString()) return clock.format(time);
  const date = time.getFullYear() === today.getFullYear() ? day : other_year;
  return `${date.format(time)}, ${short.format(time)}`;
}

/** Hours and minutes. */
export function hour(time) {
  return short.format(time);
}

/** Day and month. */
export function date(time) {
  return day.format(time);
}

const FORMS = {
  /** `4 min ago`, `in 3 h` */
  relative(time) {
    const seconds = (now() - time) / 1000;
    if (Math.abs(seconds) < 1) return "now";
    return seconds > 0 ? `${span(seconds)} ago` : `in ${span(-seconds)}`;
  },
  /** `4 min`: for how long it has been so */
  since: (time) => span((now() - time) / 1000),
};

/** A `<time>`: `form` is `relative`, `since` or `moment`. */
export function stamp(iso, form = "relative", attributes) {
  const element = h("time", attributes);
  restamp(element, iso, form);
  return element;
}

/** Gives a `<time>` another moment. */
export function restamp(element, iso, form = "relative") {
  const time = iso ? Date.parse(iso) : NaN;
  if (Number.isNaN(time)) {
    ["datetime", "title", "data-tick"].forEach((name) => element.removeAttribute(name));
    return text(element, "–");
  }
  if (element.getAttribute("datetime") !== iso) {
    element.setAttribute("datetime", iso);
    element.setAttribute("title", whole.format(time));
  }
  attribute(element, "data-tick", FORMS[form] ? form : null);
  text(element, FORMS[form] ? FORMS[form](time) : moment(iso));
}

/** Brings all ages up to date. */
export function tick() {
  for (const element of document.querySelectorAll("time[data-tick]")) {
    text(element, FORMS[element.dataset.tick](Date.parse(element.dateTime)));
  }
}
