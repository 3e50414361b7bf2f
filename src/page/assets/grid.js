// Hosts × services, to be seen from afar: each service is a tile, each host a row of them.

import { h, text, attribute, Keyed } from "./dom.js";
import { Indicator, condition, known, marks } from "./status.js";
import { key_of, path_of, subtitle_of, title_of, by_name } from "./store.js";
import { heading, empty } from "./parts.js";
import { Chips } from "./lists.js";

export function mount(context) {
  const { store } = context;
  const chips = new Chips(context, () => [...store.rows.values()]);
  const body = h("tbody");
  const hosts = new Keyed(body, (host) => host.name, () => new Host(context));
  const head = h("tr", null, h("th", { scope: "col" }, "Host"), h("th", { scope: "col" }, "Services"));
  const table = h("table", { class: "grid" }, h("caption", { class: "sr" }, "Hosts and their services"), h("thead", { class: "sr" }, head), body);
  const nothing = empty("Nothing is as you look for it.", "unknown");
  const show = () => {
    const chosen = chips.chosen();
    const rows = [...store.rows.values()].filter((row) => (chosen.size === 0 || chosen.has(row.status)) && context.matches(row)).sort(by_name);
    const by_host = new Map();
    for (const row of rows) by_host.set(row.host, by_host.get(row.host) ?? []).get(row.host).push(row);
    hosts.show([...by_host].map(([name, rows]) => ({ name, rows })));
    chips.show();
    nothing.hidden = rows.length > 0;
  };
  show();
  const update = ({ keys, all }) => {
    if (all || chips.chosen().size > 0 || context.query.get("q")) return show();
    for (const key of keys) {
      const row = store.rows.get(key);
      if (row) hosts.views.forEach((host) => host.tiles.touch(row));
    }
    chips.show();
  };
  const element = h("div", { class: "view" }, heading("Grid"), h("div", { class: "tools" }, chips.element), table, nothing);
  return { element, title: "Grid", filter: show, update };
}

class Host {
  constructor(context) {
    this.name = h("th", { scope: "row" });
    this.tiles = new Keyed(h("ul", { class: "tiles" }), key_of, (row) => new Tile(row, context));
    this.element = h("tr", null, this.name, h("td", null, this.tiles.parent));
  }

  update({ name, rows }) {
    text(this.name, name);
    this.tiles.show(rows);
  }
}

class Tile {
  constructor(row, { store }) {
    this.store = store;
    this.indicator = new Indicator(false);
    this.name = h("span", { class: "name" });
    this.marks = h("span", { class: "marks" });
    this.link = h("a", { class: "tile", href: path_of(row) }, this.indicator.element, this.name, this.marks);
    this.element = h("li", null, this.link);
    this.update(row);
  }

  update(row) {
    attribute(this.link, "data-status", known(row.status));
    this.indicator.show(row.status, this.store.running.has(key_of(row)));
    text(this.name, title_of(row));
    const is_overdue = condition(row) === "overdue";
    attribute(this.link, "data-condition", condition(row));
    // Of all marks this one alone: a tile has little room, and to be overdue is news.
    if (this.marks.hasChildNodes() !== is_overdue) this.marks.replaceChildren(...marks(is_overdue ? ["overdue"] : []));
    const also = subtitle_of(row) ? ` (${subtitle_of(row)})` : "";
    attribute(this.link, "title", `${title_of(row)}${also}: ${condition(row)}${row.message ? `, ${row.message}` : ""}`);
  }
}
