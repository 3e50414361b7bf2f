// What has been bad for more than five minutes: first what is expected to run and does not.

import { h, text, Keyed } from "./dom.js";
import { is_bad } from "./status.js";
import { key_of } from "./store.js";
import { now } from "./time.js";
import { Line, heading, section, empty } from "./parts.js";

/** What may still pass by itself is no alert. */
const PATIENCE = 300_000;

export function mount(context) {
  const { store } = context;
  const lists = ["watch", "check", "early", "unknown"].map(() => new Keyed(h("ul", { class: "lines" }), key_of, (row) => new Line(row, context)));
  const titles = ["Expected otherwise, for more than 5 minutes", "Checks, for more than 5 minutes", "Younger than 5 minutes", "Without a current result"];
  const parts = lists.map((list, at) => section(titles[at], list.parent));
  const count = h("p", { class: "count" });
  const nothing = empty("Nothing needs attention.", "ok");
  const show = () => {
    const rows = store.not_ok().filter(context.matches);
    const is_old = (row) => row.since && now() - Date.parse(row.since) > PATIENCE;
    const old = rows.filter((row) => is_bad(row.status) && is_old(row));
    const shown = [
      old.filter((row) => row.kind === "watch"),
      old.filter((row) => row.kind !== "watch"),
      rows.filter((row) => is_bad(row.status) && !is_old(row)),
      rows.filter((row) => row.status === "UNKNOWN"),
    ];
    shown.forEach((rows, at) => {
      lists[at].show(rows);
      parts[at].hidden = rows.length === 0;
    });
    text(count, old.length === 1 ? "1 alert" : `${old.length} alerts`);
    nothing.hidden = rows.length > 0;
  };
  show();
  // With time alone the young become alerts.
  return { element: h("div", { class: "view" }, heading("Alerts", count), nothing, parts), title: "Alerts", filter: show, update: show, tick: show };
}
