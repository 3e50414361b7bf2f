// Parts that several views are made of.

import { h, text, attribute, go } from "./dom.js";
import { Indicator, condition, icon, marks } from "./status.js";
import { restamp, stamp } from "./time.js";
import { Strip } from "./chart.js";
import { key_of, path_of, subtitle_of, title_of } from "./store.js";

/** A check or a watch as a line of a list: indicator, name, message, strip, since. */
export class Line {
  constructor(row, context) {
    this.context = context;
    this.indicator = new Indicator(false);
    this.name = h("span", { class: "name" });
    this.subtitle = h("span", { class: "subtitle" });
    this.marks = h("span", { class: "marks" });
    this.message = h("span", { class: "message" });
    this.strip = new Strip();
    this.since = stamp(null, "since");
    this.element = h(
      "li",
      { class: "line" },
      go(
        path_of(row),
        null,
        this.indicator.element,
        h("span", { class: "title" }, this.name, this.marks, this.subtitle),
        this.message,
        h("span", { class: "cell-strip" }, this.strip.element),
        h("span", { class: "cell-since" }, this.since),
      ),
    );
    this.update(row);
  }

  update(row) {
    const running = this.context.store.running.has(key_of(row));
    attribute(this.element, "data-status", row.status);
    attribute(this.element, "data-condition", condition(row));
    this.indicator.show(row.status, running);
    text(this.name, title_of(row));
    text(this.subtitle, subtitle_of(row));
    attribute(this.subtitle, "title", subtitle_of(row) || null);
    const words = row.marks.join();
    if (words !== this.words) {
      this.words = words;
      this.marks.replaceChildren(...marks(row.marks));
    }
    text(this.message, (running && row.progress) || row.message || "no result yet");
    restamp(this.since, row.since, "since");
    this.strip.show(this.context.strips.of(key_of(row)));
  }
}

/** The same as a card. */
export class Card {
  constructor(row, context) {
    this.context = context;
    this.indicator = new Indicator(true);
    this.name = h("span", { class: "name" });
    this.subtitle = h("p", { class: "subtitle" });
    this.message = h("p", { class: "message" });
    this.marks = h("span", { class: "marks" });
    this.strip = new Strip();
    this.since = stamp(null, "since");
    this.age = h("span", { class: "age" }, "for ", this.since);
    this.element = h(
      "li",
      { class: "card" },
      go(path_of(row), { class: "cover" }, this.name),
      this.subtitle,
      h("div", { class: "card-head" }, this.indicator.element, this.age, this.marks),
      this.message,
      this.strip.element,
    );
    this.update(row);
  }

  update(row) {
    Line.prototype.update.call(this, row);
    this.age.hidden = !row.since;
  }
}

/** A view's heading. */
export function heading(words, ...more) {
  return h("div", { class: "heading" }, h("h1", { tabindex: "-1" }, words), ...more);
}

/** A part of a view with a heading of its own. */
export function section(title, ...children) {
  const id = `s-${title.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
  return h("section", { "aria-labelledby": id }, h("h2", { id }, title), ...children);
}

/** What stands where nothing is. */
export function empty(words, name = "ok") {
  return h("p", { class: "empty" }, icon(name), words);
}

/** What stands where something can't be had. */
export function missing(problem) {
  return h("p", { class: "empty" }, icon("unknown"), `Not available: ${problem}`);
}

/** A table that can be scrolled sideways by hand and by keys. */
export function table(caption, columns, rows) {
  const head = h("tr", null, columns.map((column) => h("th", { scope: "col" }, column)));
  return h(
    "div",
    { class: "scroll", role: "group", "aria-label": caption, tabindex: "0" },
    h("table", { class: "plain" }, h("caption", { class: "sr" }, caption), h("thead", null, head), h("tbody", null, rows)),
  );
}
