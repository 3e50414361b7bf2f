// The board as this page knows it: the fold of `hello` and events, as docs/websocket.md describes them.

import { condition, is_healthy, is_bad, urgency } from "./status.js";
import { now, set_host_time } from "./time.js";

/** Most events that are kept to be looked at. */
const MAX_EVENTS = 500;
/** Most rows that change in one frame; when everything changes at once, the rest follows in the next ones. */
const MAX_CHANGES = 200;
/** What may still pass by itself is no alert: so many milliseconds. */
const PATIENCE = 300_000;
/** Marks that a verdict sets and takes away; all others belong to the header or the timer. */
const OF_A_VERDICT = new Set(["soft", "overdue"]);
const OF_A_UNIT = new Set(["drift", "auto_fix"]);

export const key_of = (thing) => `${thing.kind}:${thing.id}`;
/** The word for many of a kind, in addresses. */
export const plural_of = (kind) => ({ watch: "watches", ping: "pings" })[kind] ?? "checks";
export const path_of = (thing) => `/${plural_of(thing.kind)}/${encodeURIComponent(thing.id)}`;
/** What a thing is called: a watch by its unit, the name by which people know and look for it. */
export const title_of = (row) => (row.kind === "watch" ? row.id : row.name);
/** What else its name says: what the unit says of itself. */
export const subtitle_of = (row) => (title_of(row) === row.name ? "" : row.name);
/** Whether it needs attention. */
export const is_pressing = (row) => is_bad(condition(row));
/** Whether it has needed attention for a while. */
export const is_alert = (row) => is_pressing(row) && !!row.since && now() - Date.parse(row.since) > PATIENCE;

export class Store {
  constructor() {
    this.rows = new Map();
    /** Key to when the run that goes on began. */
    this.running = new Map();
    /** Newest first. */
    this.events = [];
    this.host = null;
    this.epoch = null;
    this.seq = 0;
    this.listeners = new Set();
    this.forget_changes();
  }

  /** Calls `listener` with `{ keys, all, events }` at most once a frame. */
  listen(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Takes a frame. False where it does not follow the one before: then something was missed. */
  take(frame) {
    if (frame.type === "hello") {
      this.greet(frame);
      return true;
    }
    if (frame.epoch !== this.epoch || frame.seq !== this.seq + 1) return false;
    this.seq = frame.seq;
    this.fold(frame);
    this.remember(frame);
    return true;
  }

  greet(hello) {
    this.host = hello.host;
    this.epoch = hello.epoch;
    this.seq = hello.seq;
    set_host_time(hello.time);
    if (hello.checks) this.replace(hello.checks);
    else this.changed(null);
  }

  /** The whole board as it is now. */
  replace(rows) {
    this.rows = new Map(rows.map((row) => [key_of(row), row]));
    this.running.clear();
    this.host ??= rows[0]?.host ?? null;
    this.is_filled = true;
    this.changed(null);
  }

  /** Rows that were asked for beside the stream: they bring what no event tells, such as the next run. */
  refresh(rows) {
    for (const row of rows) {
      const key = key_of(row);
      const known = this.rows.get(key);
      if (!known) continue;
      const { next_run, deadline, last_run, watch } = row;
      Object.assign(known, { next_run, deadline, last_run, watch });
      this.changed(key);
    }
  }

  fold(event) {
    const key = key_of(event);
    if (event.type === "removed") {
      this.rows.delete(key);
      this.running.delete(key);
      return this.changed(null);
    }
    if (event.type === "added" || event.type === "updated") {
      const is_new = !this.rows.has(key);
      this.rows.set(key, event.check);
      return this.changed(is_new ? null : key);
    }
    const row = this.rows.get(key);
    if (!row) return;
    if (event.type === "run") {
      if (event.phase === "started") {
        this.running.set(key, event.time);
        row.last_run = event.time;
      } else {
        this.running.delete(key);
      }
    } else if (event.type === "status" && event.progress) {
      row.progress = event.message;
    } else if (event.type === "status") {
      this.judge(row, event);
    }
    this.changed(key);
  }

  judge(row, event) {
    const is_soft = event.marks.includes("soft");
    if (event.changed) row.since = event.line_time ?? event.time;
    row.since ??= event.line_time ?? event.time;
    if (!is_soft) row.message = event.message;
    row.status = event.status;
    const kept = row.marks.filter((mark) => !OF_A_VERDICT.has(mark) && !(row.kind === "watch" && OF_A_UNIT.has(mark)));
    row.marks = [...new Set([...kept, ...event.marks])];
    if (!event.run && row.kind === "check" && !event.marks.includes("overdue")) row.last_run = event.line_time ?? event.time;
    delete row.progress;
  }

  remember(event) {
    this.events.unshift(event);
    if (this.events.length > MAX_EVENTS) this.events.length = MAX_EVENTS;
    this.pending.events.push(event);
  }

  /** What somebody should look at, worst first, and of equal ones the newest. */
  not_ok() {
    const rows = [...this.rows.values()].filter((row) => !is_healthy(row.status));
    const since = (row) => (row.since ? Date.parse(row.since) : 0);
    return rows.sort((a, b) => by_urgency(a, b) || since(b) - since(a) || by_name(a, b));
  }

  /** Of how many things something is so. */
  count(is_so) {
    let count = 0;
    for (const row of this.rows.values()) count += is_so(row);
    return count;
  }

  changed(key) {
    if (key === null) this.pending.all = true;
    else this.pending.keys.add(key);
    this.schedule();
  }

  schedule() {
    if (this.is_scheduled) return;
    this.is_scheduled = true;
    // A page that nobody looks at gets no frames, but its title still counts.
    if (document.hidden) setTimeout(() => this.tell(), 1000);
    else requestAnimationFrame(() => this.tell());
  }

  tell() {
    if (!this.is_scheduled) return;
    this.is_scheduled = false;
    const change = this.pending;
    this.forget_changes();
    if (!change.all && change.keys.size > MAX_CHANGES) {
      const keys = [...change.keys];
      change.keys = new Set(keys.slice(0, MAX_CHANGES));
      this.pending.keys = new Set(keys.slice(MAX_CHANGES));
      this.schedule();
    }
    this.listeners.forEach((listener) => listener(change));
  }

  forget_changes() {
    this.pending = { keys: new Set(), all: false, events: [] };
  }
}

const collator = new Intl.Collator("en", { numeric: true });

export const by_text = (a, b) => collator.compare(a, b);
export const by_name = (a, b) => collator.compare(title_of(a), title_of(b)) || collator.compare(a.id, b.id);
/** Worst first. */
export const by_urgency = (a, b) => urgency(condition(b)) - urgency(condition(a));
