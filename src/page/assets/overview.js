// The first view: what needs attention, components, watches, and the checks by group.

import { h, text, attribute, Keyed, outward } from "./dom.js";
import { Indicator, icon } from "./status.js";
import { restamp, stamp } from "./time.js";
import { key_of, path_of, by_name } from "./store.js";
import { get } from "./api.js";
import { Card, Line, section } from "./parts.js";
import { grouped } from "./lists.js";

/** A group of at most so many is shown as cards, of a larger one so few that all groups are in sight; the rest is in the list. */
const [CARDS, CARDS_OF_MANY] = [48, 10];
/** Most lines of what needs attention. */
const LINES = 12;
/** Between two questions for components, in milliseconds. */
const REFRESH = 5000;

export function mount(context) {
  const { store } = context;
  const attention = list_of((row) => new Line(row, context), "lines");
  const attention_more = h("p", { class: "more" });
  const attention_part = section("Needs attention", attention.parent, attention_more);
  const components = new Components(context);
  const watches = list_of((row) => new Card(row, context), "cards");
  const watches_part = section("Watches", watches.parent);
  const groups_part = h("div", { class: "beside" });
  const groups = new Keyed(groups_part, (group) => group.name, (group) => new Group(group, context));

  const show = () => {
    const rows = [...store.rows.values()].filter(context.matches).sort(by_name);
    const not_ok = store.not_ok().filter(context.matches);
    attention.show(not_ok.slice(0, LINES));
    attention_part.hidden = not_ok.length === 0;
    const rest = not_ok.length - LINES;
    attention_more.replaceChildren(...(rest > 0 ? [h("a", { href: "/checks?sort=worst" }, `${rest} more`)] : []));
    const watched = rows.filter((row) => row.kind === "watch");
    watches.show(watched.slice(0, CARDS));
    watches_part.hidden = watched.length === 0;
    groups.show(grouped(rows.filter((row) => row.kind !== "watch")));
    components.show();
  };
  show();
  const element = h(
    "div",
    { class: "view" },
    h("h1", { class: "sr", tabindex: "-1" }, "Overview"),
    attention_part,
    components.element,
    watches_part,
    groups_part,
  );
  return {
    element,
    title: "",
    filter: show,
    update({ keys, all }) {
      const changed = [...keys].map((key) => store.rows.get(key)).filter(Boolean);
      components.stir();
      if (all || changed.some((row) => attention_differs(row, attention))) return show();
      for (const row of changed) {
        [attention, watches].forEach((list) => list.touch(row));
        groups.views.forEach((group) => group.touch(row));
      }
    },
    refresh: () => components.load(),
    leave: () => components.leave(),
  };
}

/** Whether a row has to come or go, or may stand elsewhere. */
function attention_differs(row, attention) {
  const is_there = attention.views.has(key_of(row));
  const belongs = row.status !== "OK" && row.status !== "UPDATE";
  return is_there || belongs;
}

function list_of(make, class_name) {
  return new Keyed(h("ul", { class: class_name }), key_of, make);
}

/** The checks of a tag or profile. */
class Group {
  constructor(group, context) {
    this.title = h("h2");
    this.count = h("span", { class: "count" });
    this.more = h("p", { class: "more" });
    this.cards = list_of((row) => new Card(row, context), "cards");
    const head = h("div", { class: "group-head" }, this.title, this.count);
    this.element = h("section", null, head, this.cards.parent, this.more);
    this.update(group);
  }

  update({ name, rows }) {
    const title = name ?? (rows.length ? "Checks" : "");
    text(this.title, title);
    const fine = rows.filter((row) => row.status === "OK" || row.status === "UPDATE").length;
    text(this.count, `${fine} of ${rows.length} fine`);
    attribute(this.element, "data-size", rows.length < 4 ? rows.length : null);
    const shown = rows.length > CARDS ? CARDS_OF_MANY : CARDS;
    this.cards.show(rows.slice(0, shown));
    const rest = rows.length - shown;
    const target = name === null ? "/checks" : `/checks?tag=${encodeURIComponent(name)}`;
    this.more.replaceChildren(...(rest > 0 ? [h("a", { href: target }, `${rest} more`)] : []));
  }

  touch(row) {
    this.cards.touch(row);
  }
}

/** Components: asked for, since no event tells of deploys. */
class Components {
  constructor(context) {
    this.context = context;
    this.items = [];
    this.list = new Keyed(h("ul", { class: "cards wide" }), (item) => item.name, (item) => new ComponentCard(item));
    this.element = section("Components", this.list.parent);
    this.element.hidden = true;
    this.load();
    this.timer = setInterval(() => document.hidden || this.load(), 60_000);
  }

  leave() {
    clearInterval(this.timer);
    clearTimeout(this.soon);
    this.soon = -1;
  }

  /** Something happened that may concern a component. */
  stir() {
    if (this.items.length === 0 || this.soon !== undefined) return;
    this.soon = setTimeout(() => {
      this.soon = undefined;
      this.load();
    }, REFRESH);
  }

  async load() {
    const { data } = await get("/api/v1/components");
    this.items = Array.isArray(data) ? data : (data?.items ?? []);
    this.show();
  }

  show() {
    this.element.hidden = this.items.length === 0;
    const { query } = this.context;
    const words = (query.get("q") ?? "").toLowerCase();
    const shown = this.items.filter((item) => JSON.stringify(item).toLowerCase().includes(words));
    this.list.show(shown);
  }
}

/** Status of a component by its state, where it has none of its own. */
const STATES = { healthy: "OK", degraded: "WARNING", unhealthy: "FAILURE", "not-running": "FAILURE", starting: "UNKNOWN", stale: "UNKNOWN" };

class ComponentCard {
  constructor(item) {
    this.indicator = new Indicator(false);
    this.state = h("span", { class: "state" });
    this.title = h("h3", { class: "name" });
    this.description = h("p", { class: "message" });
    this.facts = h("dl", { class: "facts" });
    this.members = h("ul", { class: "members" });
    const head = h("div", { class: "card-head" }, this.indicator.element, this.state);
    this.element = h("li", { class: "card component" }, this.title, head, this.description, this.facts, this.members);
    this.update(item);
  }

  update(item) {
    const mark = JSON.stringify(item);
    if (mark === this.mark) return;
    this.mark = mark;
    const status = item.status ?? STATES[item.state] ?? "UNKNOWN";
    attribute(this.element, "data-status", status);
    this.indicator.show(status, item.state === "starting");
    text(this.state, item.state ?? status);
    text(this.title, item.display_name ?? item.name);
    text(this.description, item.description ?? "");
    this.facts.replaceChildren(...this.fact_list(item));
    this.members.replaceChildren(...(item.members ?? []).map(member));
  }

  fact_list(item) {
    const fact = (word, ...value) => h("div", null, h("dt", null, word), h("dd", null, ...value));
    const facts = [];
    if (item.domain) facts.push(fact("Domain", outward(`https://${item.domain}/`, item.domain)));
    if (item.version) facts.push(fact("Version", item.version));
    if (item.deployed_at) {
      const time = stamp(null);
      restamp(time, item.deployed_at);
      facts.push(fact("Deployed", time));
    }
    if (item.commit) {
      const commit = h("code", null, item.commit);
      const words = item.commit_message ? h("span", { class: "commit-message" }, item.commit_message) : null;
      facts.push(fact("Commit", outward(item.commit_url, icon("commit"), " ", commit), " ", words));
    }
    return facts;
  }
}

function member(key) {
  const [kind, ...rest] = key.split(":");
  const id = rest.join(":");
  return h("li", null, h("a", { href: path_of({ kind, id }) }, id));
}
