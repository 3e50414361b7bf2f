// Drawings of what was: strips of statuses, durations of runs, measured values, healthy hours. Plain SVG without a library. Each has a
// label that says in words what it shows, and the numbers stand in a table beside it.

import { h, s, attribute } from "./dom.js";
import { known, is_bad, urgency } from "./status.js";
import { date, hour, measured, moment, span } from "./time.js";

/** Height of a bar by status: what is worse is higher, so that colours are not needed. */
const HEIGHT = { OK: 7, UPDATE: 9, UNKNOWN: 4, WARNING: 13, FAILURE: 17, ERROR: 20 };
const STRIP = { width: 240, height: 20 };
const HOUR = 3_600_000;

/** A strip of the worst status of each half hour. It is one path a status, so that a thousand strips cost little. */
export class Strip {
  constructor() {
    this.paths = new Map();
    this.element = s("svg", {
      class: "strip",
      role: "img",
      viewBox: `0 0 ${STRIP.width} ${STRIP.height}`,
      preserveAspectRatio: "none",
    });
  }

  show(statuses, step_seconds = 1800) {
    const mark = statuses ? statuses.join() : "";
    if (mark === this.mark) return;
    this.mark = mark;
    const width = STRIP.width / (statuses?.length || 1);
    const lines = new Map();
    (statuses ?? []).forEach((status, at) => {
      const name = status === null ? "none" : known(status);
      const height = HEIGHT[name] ?? 2;
      const bar = `M${(at * width + 0.5).toFixed(1)} ${STRIP.height}v-${height}h${(width - 1).toFixed(1)}v${height}z`;
      lines.set(name, (lines.get(name) ?? "") + bar);
    });
    this.element.replaceChildren(...[...lines].map(([status, d]) => s("path", { d, "data-status": status })));
    attribute(this.element, "aria-label", strip_words(statuses, step_seconds));
  }
}

function strip_words(statuses, step_seconds) {
  const hours = Math.round(((statuses?.length ?? 0) * step_seconds) / 3600);
  const seen = (statuses ?? []).filter((status) => status !== null);
  if (seen.length === 0) return "nothing is known of the last hours";
  const bad = seen.filter(is_bad);
  if (bad.length === 0) return `last ${hours} h: nothing bad`;
  const top = bad.reduce((a, b) => (urgency(b) > urgency(a) ? b : a));
  return `last ${hours} h: something bad in ${bad.length} of the ${seen.length} spans of ${span(step_seconds)} that are known, at worst ${top}`;
}

/** When a run began; when it ended, where that alone is known. */
export const began = (run) => run.started ?? run.finished;

/** How long runs took, oldest on the left, with the time limit as a line where it is near. */
export function durations(runs, limit_seconds) {
  const shown = runs.filter((run) => typeof run.duration_seconds === "number").slice(0, 60).reverse();
  if (shown.length === 0) return h("p", { class: "empty" }, runs.length ? "No run told how long it took." : "No run has ended yet.");
  const longest = Math.max(...shown.map((run) => run.duration_seconds));
  const top = nice(limit_seconds && longest > limit_seconds / 2 ? Math.max(longest, limit_seconds) : longest);
  const [width, height] = [600, 120];
  const step = width / Math.max(shown.length, 20);
  const bars = shown.map((run, at) => {
    const tall = Math.max(2, (run.duration_seconds / top) * height);
    const bar = { x: at * step + 1, y: height - tall, width: Math.max(2, step - 2), height: tall, rx: 1.5 };
    const words = `${moment(began(run))}: ${measured(run.duration_seconds)}, ${run.status ?? "running"}`;
    return s("rect", { ...bar, class: "bar", "data-status": known(run.status ?? "UNKNOWN") }, s("title", null, words));
  });
  const limit = limit_seconds && limit_seconds <= top ? line(0, width, height - (limit_seconds / top) * height, "limit") : null;
  const typical = [...shown].sort((a, b) => a.duration_seconds - b.duration_seconds)[Math.floor(shown.length / 2)];
  const label = `durations of the last ${shown.length} runs: typically ${measured(typical.duration_seconds)}, at most ${measured(longest)}`;
  return figure(label, [width, height], [...grid(width, height), limit, ...bars], [measured(top), measured(top / 2), "0"]);
}

/** One measured value over the last runs. */
export function values(label, points, metric) {
  const known_points = points.filter((point) => typeof point.value === "number").sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
  if (known_points.length < 2) return null;
  const limits = [upper(metric.warn), upper(metric.crit)];
  const reached = Math.max(...known_points.map((point) => point.value));
  const in_sight = limits.filter((limit) => limit !== null && limit <= Math.max(reached * 1.5, reached + 1));
  const low = Math.min(metric.min ?? Infinity, ...known_points.map((point) => point.value));
  const [bottom, top] = [low >= 0 ? 0 : low, nice(Math.max(reached, ...in_sight)) || 1];
  const [width, height] = [600, 90];
  const [oldest, newest] = [known_points[0], known_points[known_points.length - 1]];
  const [first, last] = [Date.parse(oldest.time), Date.parse(newest.time)];
  const x = (time) => (last === first ? width : ((Date.parse(time) - first) / (last - first)) * width);
  const y = (value) => height - ((value - bottom) / (top - bottom || 1)) * height;
  const d = known_points.map((point, at) => `${at ? "L" : "M"}${x(point.time).toFixed(1)} ${y(point.value).toFixed(1)}`).join("");
  const marks = limits.map((limit, at) => in_sight.includes(limit) && line(0, width, y(limit), at ? "crit" : "warn"));
  const words = `${label}: ${quantity(newest.value, metric.unit)} now, at most ${quantity(reached, metric.unit)}`;
  const area = s("path", { d: `${d}V${height}H0z`, class: "area" });
  const axis = [quantity(top, metric.unit), quantity((top + bottom) / 2, metric.unit), quantity(bottom, metric.unit)];
  return figure(words, [width, height], [...grid(width, height), area, s("path", { d, class: "curve" }), ...marks], axis);
}

/** The healthy share of each hour of some days: a row a day. Bad hours are crossed by a bar as high as the bad share. */
export function hours(items, now, label) {
  const by_hour = new Map(items.map((item) => [Math.floor(Date.parse(item.start) / HOUR), item]));
  const [cell, gap, left] = [22, 2, 64];
  const days = [];
  for (let back = 6; back >= 0; back -= 1) {
    const start = new Date(now);
    start.setHours(0, 0, 0, 0);
    start.setDate(start.getDate() - back);
    days.push(start);
  }
  const cells = days.flatMap((start, row) => [
    s("text", { x: 0, y: row * (cell + gap) + 15, class: "tick" }, date(start)),
    ...Array.from({ length: 24 }, (_, column) => {
      const time = start.getTime() + column * HOUR;
      const item = by_hour.get(Math.floor(time / HOUR));
      const [x, y] = [left + column * (cell + gap), row * (cell + gap)];
      const seen = item ? item.healthy_seconds + item.bad_seconds : 0;
      const share = seen > 0 ? item.healthy_seconds / seen : null;
      const words = share === null ? "nothing known" : `${percent(share)} healthy`;
      const class_name = share === null ? "none" : share === 1 ? "full" : "part";
      const bad = share === null || share === 1 ? 0 : Math.max(3, (1 - share) * cell);
      return s(
        "g",
        { class: `hour ${class_name}` },
        s("rect", { x, y, width: cell, height: cell, rx: 3 }),
        bad > 0 && s("rect", { class: "bad", x, y: y + cell - bad, width: cell, height: bad, rx: 3 }),
        s("title", null, `${date(start)}, ${hour(time)}: ${words}`),
      );
    }),
  ]);
  const axis = [0, 6, 12, 18].map((at) => s("text", { x: left + at * (cell + gap), y: 7 * (cell + gap) + 14, class: "tick" }, `${at}:00`));
  const size = [left + 24 * (cell + gap), 7 * (cell + gap) + 18];
  return s("svg", { class: "hours", role: "img", "aria-label": label, viewBox: `0 0 ${size[0]} ${size[1]}` }, ...cells, ...axis);
}

/** The healthy share of the hours of a span (milliseconds up to `now`) that is called `name`, and of how much of it that is told. */
export function share_of(items, length, now, name) {
  const from = Math.floor((now - length) / HOUR + 1) * HOUR;
  const inside = items.filter((item) => Date.parse(item.start) >= from);
  const sum = (part) => inside.reduce((sum, item) => sum + part(item), 0);
  const healthy = sum((item) => item.healthy_seconds);
  const known = healthy + sum((item) => item.bad_seconds);
  if (known === 0) return `nothing is known of the last ${name}`;
  // The hour that goes on is not over, and no clock is exact.
  const is_whole = known * 1000 > length - 1.1 * HOUR;
  const share = percent(healthy / known);
  return is_whole ? `${share} healthy in the last ${name}` : `${share} healthy in the ${span(known)} that are known of the last ${name}`;
}

/** `99.2 %`; 100 % only where nothing is missing. */
export function percent(share) {
  if (share === 1) return "100 %";
  return `${Math.min(99.99, share * 100).toFixed(share > 0.99 ? 2 : 1)} %`;
}

/** A number with its unit, short. */
export function quantity(value, unit) {
  if (typeof value !== "number") return "–";
  const [scaled, name] = unit === "B" ? bytes(value) : [value, unit === "c" ? "" : (unit ?? "")];
  const digits = Math.abs(scaled) >= 100 || Number.isInteger(scaled) ? 0 : Math.abs(scaled) >= 1 ? 1 : 3;
  return `${scaled.toFixed(digits)}${name ? ` ${name}` : ""}`;
}

function bytes(value) {
  const names = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(names.length - 1, Math.max(0, Math.floor(Math.log2(Math.abs(value) || 1) / 10)));
  return [value / 1024 ** power, names[power]];
}

/** The upper end of a range as plugins write it (`80`, `10:20`, `@0:5`), if it has one. */
function upper(range) {
  const end = /^@?(?:[^:]*:)?(-?[0-9.]+)$/.exec(range ?? "");
  return end ? Number(end[1]) : null;
}

/** The next round number. */
function nice(value) {
  if (!(value > 0)) return 0;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= value * 0.999) ?? value;
}

function line(x1, x2, y, name) {
  return s("line", { x1, x2, y1: y, y2: y, class: name });
}

function grid(width, height) {
  return [0, 0.5, 1].map((part) => line(0, width, part * height, "grid"));
}

function figure(label, [width, height], content, axis) {
  const drawing = s("svg", { role: "img", "aria-label": label, viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none" }, ...content);
  const ticks = h("div", { class: "axis", "aria-hidden": "true" }, axis.map((words) => h("span", null, words)));
  return h("div", { class: "plot" }, ticks, drawing);
}
