// Everything that is scheduled on the host.

import { h, text, attribute, Keyed } from "./dom.js";
import { known, Indicator, icon } from "./status.js";
import { stamp, span } from "./time.js";
import { get } from "./api.js";
import { by_name, title_of } from "./store.js";
import { heading, empty } from "./parts.js";

const REFRESH = 60_000;
const COLUMNS = ["Job", "Schedule", "Next run", "Last run", "Last result", "User", "Command"];
const KINDS = { check: "check", timer: "systemd timer", cron: "cron", anacron: "anacron", profile: "profile", ping: "ping" };

export function mount(context) {
  const { store } = context;
  let answer = null;
  const body = h("tbody");
  const rows = new Keyed(body, (job) => `${job.kind}:${job.source}:${job.name}:${job.schedule}:${job.command}`, () => new JobRow());
  const head = h("tr", null, COLUMNS.map((column) => h("th", { scope: "col" }, column)));
  const table = h("table", { class: "jobs" }, h("caption", { class: "sr" }, "Jobs"), h("thead", null, head), body);
  const scroll = h("div", { class: "scroll", role: "group", "aria-label": "Jobs", tabindex: "0" }, table);
  const note = h("p", { class: "note", role: "status" });
  const count = h("p", { class: "count" });
  const nothing = empty("No job is as you look for it.", "unknown");
  const kinds = h("select", { id: "kind", onchange: () => context.filter({ kind: kinds.value }) });
  kinds.append(h("option", { value: "" }, "all"), ...Object.entries(KINDS).map(([value, words]) => h("option", { value }, words)));
  const show = () => {
    const jobs = answer?.data?.items ?? [...store.rows.values()].filter((row) => row.schedule || row.next_run).map(of_row);
    const words = (context.query.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    const kind = context.query.get("kind") ?? "";
    kinds.value = kind;
    const is_wanted = (job) => (!kind || job.kind === kind) && words.every((word) => JSON.stringify(job).toLowerCase().includes(word));
    const shown = jobs.filter(is_wanted).sort((a, b) => !!b.overdue - !!a.overdue || by_name(a, b));
    rows.show(shown);
    text(count, shown.length === jobs.length ? `${jobs.length} jobs` : `${shown.length} of ${jobs.length} jobs`);
    text(note, note_of(answer));
    note.hidden = note.textContent === "";
    scroll.hidden = shown.length === 0;
    nothing.hidden = shown.length > 0;
  };
  const load = async () => {
    answer = await get("/api/v1/jobs");
    show();
  };
  show();
  load();
  const timer = setInterval(() => document.hidden || load(), REFRESH);
  const tools = h("div", { class: "tools" }, h("label", { class: "pick", for: "kind" }, "Kind", kinds));
  const element = h("div", { class: "view" }, heading("Jobs", count), tools, note, scroll, nothing);
  const update = ({ all }) => all && !answer?.data && show();
  return { element, title: "Jobs", filter: show, refresh: load, leave: () => clearInterval(timer), update };
}

function note_of(answer) {
  if (!answer) return "";
  if (!answer.data) return `Only what ssi itself schedules: the list of all jobs is not available (${answer.problem}).`;
  const { error, stale, age_ms } = answer.data;
  if (stale) return `As it was ${span(age_ms / 1000)} ago${error ? `: ${error}` : ""}.`;
  return error ?? "";
}

function of_row(row) {
  const { id, schedule, schedule_human, next_run, last_run, status, enabled, marks } = row;
  const kind = row.kind === "watch" ? "timer" : row.kind;
  const overdue = marks.includes("overdue");
  return { kind, source: "ssi", name: title_of(row), id, schedule, human: schedule_human, next_run, last_run, last_result: status, enabled, overdue };
}

class JobRow {
  constructor() {
    this.name = h("th", { scope: "row" });
    this.cells = COLUMNS.slice(1).map(() => h("td"));
    this.element = h("tr", null, this.name, this.cells);
  }

  update(job) {
    const mark = JSON.stringify(job);
    if (mark === this.mark) return;
    this.mark = mark;
    const [schedule, next, last, result, user, command] = this.cells;
    attribute(this.element, "data-off", job.enabled === false ? "" : null);
    const off = job.enabled === false ? h("span", { class: "mark" }, "off") : "";
    this.name.replaceChildren(h("span", { class: "name" }, job.name), h("span", { class: "kind" }, KINDS[job.kind] ?? job.kind), off, job.error ?? "");
    schedule.replaceChildren(h("span", null, job.human ?? ""), " ", h("code", null, job.schedule ?? ""));
    const overdue = job.overdue ? h("span", { class: "mark", "data-mark": "overdue" }, icon("warning"), "overdue") : "";
    next.replaceChildren(stamp(job.next_run), overdue);
    last.replaceChildren(stamp(job.last_run));
    result.replaceChildren(outcome(job.last_result));
    text(user, job.user ?? "–");
    command.replaceChildren(h("code", { title: job.command ?? null }, job.command ?? "–"));
  }
}

/** A status where it is one, else the word that systemd or cron have for it. */
function outcome(result) {
  if (result === null || result === undefined) return "–";
  const status = result === "success" ? "OK" : String(result);
  if (known(status) === status) return new Indicator(true).show(status, false).element;
  return h("span", null, status);
}
