// Lists of checks, grouped by profile or tag, and of watches.

import { h, text, attribute, Keyed } from "./dom.js";
import { STATUSES, Indicator, condition, icon, is_healthy, marks } from "./status.js";
import { restamp, stamp, measured } from "./time.js";
import { key_of, path_of, subtitle_of, title_of, by_name, by_text, by_urgency } from "./store.js";
import { Line, heading, empty } from "./parts.js";

/** Where a check belongs: its profile, else its first tag. Pings have a group of their own. */
export const group_of = (row) => row.profile ?? row.tags?.[0] ?? (row.kind === "ping" ? "Pings" : null);

/** Rows by group, the groups by name, what has none last. */
export function grouped(rows) {
  const groups = new Map();
  for (const row of rows) {
    const group = group_of(row);
    if (!groups.has(group)) groups.set(group, []);
    groups.get(group).push(row);
  }
  const order = (a, b) => (a === null) - (b === null) || by_text(a ?? "", b ?? "");
  return [...groups].sort(([a], [b]) => order(a, b)).map(([name, members]) => ({ name, rows: members }));
}

/** Chips that choose statuses, with how many there are of each. */
export class Chips {
  constructor(context, of) {
    Object.assign(this, { context, of });
    this.element = h("div", { class: "chips", role: "group", "aria-label": "Show only" });
    this.chips = STATUSES.map((status) => {
      const number = h("span", { class: "number" });
      const chip = h(
        "button",
        { type: "button", class: "chip", "data-status": status, onclick: () => this.toggle(status) },
        icon(status.toLowerCase()),
        h("span", { class: "word" }, status),
        number,
      );
      return { status, chip, number };
    });
    this.element.append(...this.chips.map(({ chip }) => chip));
  }

  chosen() {
    return new Set((this.context.query.get("status") ?? "").split(",").filter(Boolean));
  }

  toggle(status) {
    const chosen = this.chosen();
    if (!chosen.delete(status)) chosen.add(status);
    this.context.filter({ status: [...chosen].join(",") });
  }

  show() {
    const chosen = this.chosen();
    const counts = new Map();
    for (const row of this.of()) counts.set(row.status, (counts.get(row.status) ?? 0) + 1);
    for (const { status, chip, number } of this.chips) {
      const count = counts.get(status) ?? 0;
      text(number, String(count));
      attribute(chip, "aria-pressed", String(chosen.has(status)));
      chip.hidden = count === 0 && !chosen.has(status);
    }
  }
}

export function checks(context) {
  const { store } = context;
  const of = () => [...store.rows.values()].filter((row) => row.kind !== "watch");
  const chips = new Chips(context, of);
  const tags = h("select", { id: "tag", onchange: () => context.filter({ tag: tags.value }) });
  const sort = h(
    "select",
    { id: "sort", onchange: () => context.filter({ sort: sort.value }) },
    [["", "by name"], ["worst", "worst first"], ["newest", "last change first"]].map(([value, words]) => h("option", { value }, words)),
  );
  const count = h("p", { class: "count", role: "status" });
  const lists = h("div", { class: "groups" });
  const nothing = empty("No check is as you look for it.", "unknown");
  const groups = new Keyed(lists, (group) => group.name, (group) => new Group(group, context));
  const tools = h(
    "div",
    { class: "tools" },
    chips.element,
    h("label", { class: "pick", for: "tag" }, "Tag", tags),
    h("label", { class: "pick", for: "sort" }, "Order", sort),
  );
  const show = () => {
    const query = context.query;
    const chosen = chips.chosen();
    const tag = query.get("tag") ?? "";
    fill_tags(tags, of(), tag);
    sort.value = query.get("sort") ?? "";
    const has_tag = (row) => !tag || row.profile === tag || row.tags?.includes(tag);
    const rows = of().filter((row) => (chosen.size === 0 || chosen.has(row.status)) && has_tag(row) && context.matches(row));
    rows.sort(ORDERS[sort.value] ?? by_name);
    chips.show();
    groups.show(sort.value || tag ? [{ name: "", title: tag || "All", rows }] : grouped(rows));
    text(count, rows.length === of().length ? `${rows.length} checks` : `${rows.length} of ${of().length} checks`);
    nothing.hidden = rows.length > 0;
  };
  show();
  const view = { element: h("div", { class: "view" }, heading("Checks", count), tools, lists, nothing), title: "Checks", filter: show };
  view.update = ({ keys, all }) => {
    // With a filter or an order any change may move a line; without, only its own line changes.
    const query = context.query;
    if (all || ["q", "status", "sort"].some((name) => query.get(name))) return show();
    for (const key of keys) {
      const row = store.rows.get(key);
      if (row) groups.views.forEach((group) => group.touch(row));
    }
    chips.show();
  };
  return view;
}

const since = (row) => (row.since ? Date.parse(row.since) : 0);
const ORDERS = {
  worst: (a, b) => by_urgency(a, b) || by_name(a, b),
  newest: (a, b) => since(b) - since(a) || by_name(a, b),
};

function fill_tags(select, rows, tag) {
  const names = new Set(rows.flatMap((row) => [...(row.tags ?? []), row.profile].filter(Boolean)));
  if (tag) names.add(tag);
  const sorted = [...names].sort(by_text);
  const mark = sorted.join("\n");
  if (select.dataset.names !== mark) {
    select.dataset.names = mark;
    select.replaceChildren(h("option", { value: "" }, "all"), ...sorted.map((name) => h("option", { value: name }, name)));
  }
  select.value = tag;
  select.closest("label")?.toggleAttribute("hidden", names.size === 0);
}

class Group {
  constructor(group, context) {
    this.title = h("h2");
    this.count = h("span", { class: "count" });
    this.list = h("ul", { class: "lines" });
    this.lines = new Keyed(this.list, key_of, (row) => new Line(row, context));
    this.element = h("section", null, h("div", { class: "group-head" }, this.title, this.count), this.list);
    this.update(group);
  }

  update({ name, title, rows }) {
    text(this.title, title ?? name ?? "Other checks");
    const fine = rows.filter((row) => is_healthy(row.status)).length;
    text(this.count, `${fine} of ${rows.length} fine`);
    this.lines.show(rows);
  }

  touch(row) {
    this.lines.touch(row);
  }
}

export function watches(context) {
  const { store } = context;
  const of = () => [...store.rows.values()].filter((row) => row.kind === "watch");
  const chips = new Chips(context, of);
  const body = h("tbody");
  const rows = new Keyed(body, key_of, (row) => new WatchRow(row));
  const columns = ["Unit", "Status", "Expected", "Actual", "Restarts", "Answers in", "Since", "Message"];
  const head = h("tr", null, columns.map((column) => h("th", { scope: "col" }, column)));
  const table = h("table", null, h("caption", { class: "sr" }, "Watches"), h("thead", null, head), body);
  const scroll = h("div", { class: "scroll", role: "group", "aria-label": "Watches", tabindex: "0" }, table);
  const nothing = empty("No unit is watched, or none is as you look for it. `ssi expect` watches one.", "unknown");
  const show = () => {
    const chosen = chips.chosen();
    const shown = of().filter((row) => (chosen.size === 0 || chosen.has(row.status)) && context.matches(row));
    shown.sort(ORDERS.worst);
    rows.show(shown);
    chips.show();
    scroll.hidden = shown.length === 0;
    nothing.hidden = shown.length > 0;
  };
  show();
  const element = h("div", { class: "view" }, heading("Watches"), h("div", { class: "tools" }, chips.element), scroll, nothing);
  return { element, title: "Watches", filter: show, update: show };
}

class WatchRow {
  constructor(row) {
    this.indicator = new Indicator(true);
    this.name = h("span", { class: "name" });
    this.marks = h("span", { class: "marks" });
    this.cells = ["expected", "actual", "restarts", "latency"].map((name) => h("td", { class: name }));
    this.since = stamp(null, "since");
    this.message = h("td", { class: "message" });
    this.element = h(
      "tr",
      null,
      h("th", { scope: "row" }, h("a", { href: path_of(row) }, title_of(row)), this.name, this.marks),
      h("td", null, this.indicator.element),
      ...this.cells,
      h("td", null, this.since),
      this.message,
    );
    this.update(row);
  }

  update(row) {
    const { expected, actual, restarts, latency_seconds } = row.watch ?? {};
    attribute(this.element, "data-status", row.status);
    attribute(this.element, "data-condition", condition(row));
    this.indicator.show(row.status, false);
    text(this.name, subtitle_of(row));
    this.marks.replaceChildren(...marks(row.marks));
    const words = [expected ?? "–", actual ?? "–", restarts ?? "–", latency_seconds == null ? "–" : measured(latency_seconds)];
    words.forEach((word, at) => text(this.cells[at], String(word)));
    restamp(this.since, row.since, "since");
    text(this.message, row.message ?? "");
  }
}
