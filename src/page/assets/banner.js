// What is seen first: whether all is well, and if not, the worst; and whether that can be believed.

import { h, text, attribute } from "./dom.js";
import { condition, drawn_as, is_healthy, urgency } from "./status.js";
import { now, span, restamp } from "./time.js";
import { is_alert, is_pressing, path_of, subtitle_of, title_of } from "./store.js";

/** Most things that are named. */
const NAMED = 3;
/** Between two sentences that are read out. */
const QUIET = 3000;

const WORDS = { live: "Live", connecting: "Reconnecting", polling: "Polling", stale: "No contact" };
const TITLES = {
  live: "Changes show at once",
  connecting: "The connection is being made anew",
  polling: "WebSockets don't get through: the board is asked for every 15 seconds",
  stale: "The agent does not answer",
};

export class Banner {
  constructor(store, connection) {
    Object.assign(this, { store, connection, said: 0 });
    const find = (selector) => document.querySelector(selector);
    this.root = find("#banner");
    this.use = find("#banner use");
    this.headline = find("#headline");
    this.more = find("#banner-more");
    this.live = find("#announce");
    this.link = find("#link");
    this.favicon = find("#favicon");
    this.brand = find(".brand .icon");
    // When it is needed nobody may be there to ask for it.
    new Image().src = "/assets/icon-unknown.svg";
    this.alerts = find("#alert-count");
  }

  update() {
    const { state } = this.connection;
    attribute(this.link, "data-state", state);
    attribute(this.link, "title", TITLES[state]);
    text(this.link.querySelector(".word"), WORDS[state]);
    attribute(document.documentElement, "data-stale", state === "stale" ? "" : null);
    if (!this.store.is_filled) return;
    const not_ok = this.store.not_ok();
    const bad = not_ok.filter(is_pressing);
    const unknown = not_ok.length - bad.length;
    this.count_alerts();
    const worst = bad.length ? drawn_as(condition(bad[0])) : this.calm(unknown);
    const status = state === "stale" ? "UNKNOWN" : worst;
    attribute(this.root, "data-status", status);
    attribute(this.use, "href", `#i-${status.toLowerCase()}`);
    const icon = is_healthy(status) ? "ok" : status.toLowerCase();
    attribute(this.favicon, "href", `/assets/icon-${icon}.svg`);
    attribute(this.brand, "data-status", status);
    attribute(this.brand.firstElementChild, "href", `#i-${icon}`);
    const headline = state === "stale" ? "No contact with the agent" : this.sentence(bad, unknown);
    if (this.headline.textContent !== headline) {
      text(this.headline, headline);
      this.announce(headline);
    }
    this.tell_more(state, not_ok);
  }

  calm(unknown) {
    return this.store.rows.size === 0 || unknown === this.store.rows.size ? "UNKNOWN" : "OK";
  }

  sentence(bad, unknown) {
    const total = this.store.rows.size;
    if (total === 0) return "Nothing is monitored yet";
    if (unknown === total) return "No results yet";
    if (bad.length === 0) return "All systems operational";
    if (bad.length === 1) return `${title_of(bad[0])}: ${condition(bad[0])}`;
    const counts = new Map();
    for (const word of bad.map(condition)) counts.set(word, (counts.get(word) ?? 0) + 1);
    const worst_first = [...counts].sort(([a], [b]) => urgency(b) - urgency(a));
    return `${bad.length} of ${total} need attention: ${worst_first.map(([word, n]) => `${n} ${word}`).join(", ")}`;
  }

  tell_more(state, not_ok) {
    const shown = `${state}|${not_ok.slice(0, NAMED).map((row) => `${row.kind}${row.id}${condition(row)}${row.message}`).join("|")}|${not_ok.length}|${this.store.rows.size}`;
    if (shown === this.shown) return;
    this.shown = shown;
    this.age = null;
    if (state === "stale") {
      this.age = h("span");
      this.more.replaceChildren(this.age);
      return this.tick();
    }
    const bad = not_ok.filter(is_pressing);
    const unknown = not_ok.length - bad.length;
    const named = bad.slice(0, NAMED).map((row) => {
      const words = bad.length === 1 ? row.message ?? "" : `${title_of(row)}: ${row.message ?? condition(row)}`;
      return h("a", { href: path_of(row), class: "named", title: subtitle_of(row) || null }, words);
    });
    const rest = bad.length > NAMED ? h("a", { href: "/alerts" }, `and ${bad.length - NAMED} more`) : null;
    const total = this.store.rows.size;
    const fine = total - not_ok.length;
    const numbers = h(
      "span",
      { class: "numbers" },
      total ? `${fine} of ${total} fine` : "Install a check with `ssi add`",
      unknown ? `, ${unknown} without a current result` : "",
    );
    this.more.replaceChildren(...[...named, rest, numbers].filter(Boolean));
  }

  /** Only what is new, and not more than people can hear. */
  announce(words) {
    this.words = words;
    if (this.timer) return;
    const wait = Math.max(0, this.said + QUIET - performance.now());
    this.timer = setTimeout(() => {
      this.timer = null;
      this.said = performance.now();
      text(this.live, this.words);
    }, wait);
  }

  /** The same number as the list of alerts has. */
  count_alerts() {
    const count = this.store.count(is_alert);
    text(this.alerts, count ? String(count) : "");
  }

  tick() {
    // With time alone the young become alerts.
    if (this.store.is_filled) this.count_alerts();
    if (!this.age) return;
    const seconds = this.connection.silence() / 1000;
    const at = new Date(now() - seconds * 1000).toISOString();
    const time = h("time");
    restamp(time, at, "moment");
    this.age.replaceChildren(`For ${span(seconds)} now. What is shown is as of `, time, "; it goes on as soon as the agent answers.");
  }
}

