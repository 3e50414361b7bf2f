// What has been bad or overdue for more than five minutes: first what is expected to run and does not.

import { h, text, Keyed } from "./dom.js";
import { is_alert, is_pressing, key_of } from "./store.js";
import { Line, heading, section, empty } from "./parts.js";

export function mount(context) {
  const { store } = context;
  const lists = ["watch", "check", "early", "unknown"].map(() => new Keyed(h("ul", { class: "lines" }), key_of, (row) => new Line(row, context)));
  const titles = ["Expected otherwise, for more than 5 minutes", "Checks, for more than 5 minutes", "Younger than 5 minutes", "Without a current result"];
  const parts = lists.map((list, at) => section(titles[at], list.parent));
  const count = h("p", { class: "count" });
  const nothing = empty("Nothing needs attention.", "ok");
  const show = () => {
    const rows = store.not_ok().filter(context.matches);
    const old = rows.filter(is_alert);
    const all = store.count(is_alert);
    const shown = [
      old.filter((row) => row.kind === "watch"),
      old.filter((row) => row.kind !== "watch"),
      rows.filter((row) => is_pressing(row) && !is_alert(row)),
      rows.filter((row) => !is_pressing(row)),
    ];
    shown.forEach((rows, at) => {
      lists[at].show(rows);
      parts[at].hidden = rows.length === 0;
    });
    text(count, `${old.length === all ? "" : `${old.length} of `}${all === 1 ? "1 alert" : `${all} alerts`}`);
    nothing.hidden = rows.length > 0;
  };
  show();
  // With time alone the young become alerts.
  return { element: h("div", { class: "view" }, heading("Alerts", count), nothing, parts), title: "Alerts", filter: show, update: show, tick: show };
}
