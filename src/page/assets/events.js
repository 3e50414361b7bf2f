// The stream of events, newest first: what came since this page was opened, and before it the changes that the history holds.

import { h, text, Keyed } from "./dom.js";
import { icon, indicator } from "./status.js";
import { measured, stamp } from "./time.js";
import { get } from "./api.js";
import { path_of, subtitle_of, title_of } from "./store.js";
import { heading, empty } from "./parts.js";

/** Most lines that are shown. */
const SHOWN = 200;

export function mount(context) {
  const { store } = context;
  let past = [];
  let is_paused = false;
  const key = (event) => event.mark ?? `${event.epoch}:${event.seq}`;
  const list = new Keyed(h("ol", { class: "events" }), key, (event) => ({ element: line(event, store) }));
  const pause = h("button", { type: "button", "aria-pressed": "false", onclick: () => hold(!is_paused) }, "Pause");
  const all = h("input", { type: "checkbox", id: "all-events", onchange: () => context.filter({ all: all.checked ? "1" : null }) });
  const count = h("p", { class: "count" });
  const nothing = empty("Nothing has happened yet.", "unknown");
  const show = () => {
    const is_all = context.query.get("all") === "1";
    all.checked = is_all;
    const wanted = (event) => (is_all || is_change(event)) && matches(event, context, store);
    const first = store.events[store.events.length - 1];
    const before = past.filter((item) => !first || item.time < first.time);
    const shown = [...store.events, ...before].filter(wanted).slice(0, SHOWN);
    list.show(shown);
    text(count, `${shown.length} shown`);
    nothing.hidden = shown.length > 0;
  };
  const hold = (paused) => {
    is_paused = paused;
    pause.setAttribute("aria-pressed", String(paused));
    text(pause, paused ? "Go on" : "Pause");
    if (!paused) show();
  };
  const load = async () => {
    const { data } = await get("/api/v1/transitions?limit=100");
    past = (data?.items ?? []).map(of_transition).sort((a, b) => Date.parse(b.time) - Date.parse(a.time));
    show();
  };
  show();
  load();
  const tools = h("div", { class: "tools" }, h("label", { class: "check", for: "all-events" }, all, "Runs and unchanged results too"), pause);
  const element = h("div", { class: "view" }, heading("Events", count), tools, list.parent, nothing);
  const update = ({ events, all }) => !is_paused && (all || events.length > 0) && show();
  return { element, title: "Events", filter: show, refresh: load, update };
}

/** A change as the history has it, in the form of an event. */
function of_transition(item) {
  const mark = `${item.kind}:${item.id}:${item.time}:${item.to}`;
  return { ...item, type: "status", changed: true, previous: item.from, status: item.to, marks: [], mark };
}

function is_change(event) {
  return event.type === "status" ? (event.changed && !event.progress) || is_fix(event) : event.type !== "run" && event.type !== "updated";
}

/** Something that the agent did by itself to bring a unit back. */
const is_fix = (event) => event.progress && event.marks.includes("auto_fix");

function matches(event, context, store) {
  const row = store.rows.get(`${event.kind}:${event.id}`) ?? event.check ?? { id: event.id, name: event.id, marks: [] };
  return context.matches({ ...row, message: event.message ?? row.message, status: event.status ?? row.status });
}

function line(event, store) {
  const row = store.rows.get(`${event.kind}:${event.id}`) ?? event.check;
  const also = (row && subtitle_of(row)) || null;
  const name = h("a", { href: path_of(event), class: "name", title: also }, row ? title_of(row) : event.id);
  return h("li", { class: "event", "data-type": event.type }, stamp(event.time, "moment"), name, h("span", { class: "what" }, what(event)));
}

function what(event) {
  switch (event.type) {
    case "status": {
      const message = h("span", { class: "message" }, event.message ?? "");
      if (is_fix(event)) return [icon("run"), message];
      if (event.progress) return [h("span", { class: "note" }, "is at"), message];
      if (!event.changed) return [indicator(event.status), message];
      return [indicator(event.previous), icon("arrow"), h("span", { class: "sr" }, "to"), indicator(event.status), message];
    }
    case "run": {
      const by = event.trigger ? ` by ${event.trigger}` : "";
      const words = event.phase === "started" ? `run began${by}` : `run ended after ${measured(event.duration_seconds)}: ${event.result ?? "no result"}`;
      return [icon("run"), words];
    }
    case "added":
      return [icon("plus"), "was added"];
    case "removed":
      return [icon("minus"), "was removed"];
    default:
      return [icon("edit"), event.check?.enabled === false ? "was changed: switched off" : "was changed"];
  }
}
