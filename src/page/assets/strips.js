// The worst status of each half hour of the last day, of all things: asked for at once, and kept up to date by what happens.

import { get } from "./api.js";
import { urgency } from "./status.js";
import { now } from "./time.js";

const REFRESH = 300_000;

export class Strips {
  constructor(store) {
    this.store = store;
    this.items = {};
    this.listeners = new Set();
    this.step = 1800;
  }

  /** Begins to keep them; they are asked for as soon as there is a connection. */
  start() {
    setInterval(() => document.hidden || this.load(), REFRESH);
    this.store.listen(({ keys }) => keys.forEach((key) => this.happened(key)));
  }

  async load() {
    const { data } = await get("/api/v1/strips?hours=24");
    if (!data?.items) return;
    this.items = data.items;
    this.step = data.step_seconds ?? this.step;
    this.until = Date.parse(data.to);
    this.listeners.forEach((listener) => listener());
  }

  /** The strip of a thing; undefined where there is none. */
  of(key) {
    return this.items[key];
  }

  /** The last half hour is as bad as the worst in it. */
  happened(key) {
    const strip = this.items[key];
    const row = this.store.rows.get(key);
    if (!strip || !row) return;
    const last = strip.length - 1;
    // What lies beyond the end of the strips is drawn with the next ones.
    if (now() > this.until + this.step * 1000) return;
    if (strip[last] === null || urgency(row.status) > urgency(strip[last])) strip[last] = row.status;
  }
}
