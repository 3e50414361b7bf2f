// One check, watch or ping: what it is, what it said, how it went.

import { h, text, arrange, attribute, outward } from "./dom.js";
import { Indicator, icon, indicator, marks } from "./status.js";
import { restamp, stamp, measured, now } from "./time.js";
import { Strip, began, durations, hours, share_of, values, quantity } from "./chart.js";
import { get } from "./api.js";
import { plural_of, subtitle_of, title_of } from "./store.js";
import { heading, missing, section, table } from "./parts.js";
import { Actions } from "./actions.js";

/** After something happened, how long until it is asked for, so that a burst is one question. */
const SETTLE = 400;
const DAY = 86_400_000;
const WEEK = 7 * DAY;

export const check = (context, id) => new Detail(context, "check", id);
export const watch = (context, id) => new Detail(context, "watch", id);
export const ping = (context, id) => new Detail(context, "ping", id);

class Detail {
  constructor(context, kind, id) {
    Object.assign(this, { context, kind, id, key: `${kind}:${id}` });
    this.base = `/api/v1/${plural_of(kind)}/${encodeURIComponent(id)}`;
    this.indicator = new Indicator(true);
    this.name = h("h1", { tabindex: "-1" });
    this.subtitle = h("p", { class: "subtitle" });
    this.marks = h("span", { class: "marks" });
    this.since = stamp(null, "since");
    this.age = h("span", null, "for ", this.since);
    this.message = h("p", { class: "message big" });
    this.fix = h("p", { class: "message fix", role: "status" });
    this.description = h("p", { class: "description" });
    this.strip = new Strip();
    this.share = h("span", { class: "count" });
    this.facts = h("div");
    this.parts = h("div", { class: "parts" });
    this.actions = new Actions(this.base, kind, id);
    const back = kind === "watch" ? ["/watches", "Watches"] : ["/checks", "Checks"];
    this.body = h(
      "div",
      null,
      h(
        "div",
        { class: "subject" },
        h("div", { class: "heading" }, this.name, this.actions.element),
        this.subtitle,
        this.actions.answer,
        h("p", { class: "state-line" }, this.indicator.element, this.age, this.marks),
        this.message,
        this.fix,
        this.description,
        h("div", { class: "long-strip" }, this.strip.element, this.share),
      ),
      this.facts,
      this.parts,
    );
    this.gone = h(
      "div",
      null,
      heading(`No such ${kind}`),
      h("p", { class: "empty" }, icon("unknown"), `No ${kind} with the id `, h("code", null, id), " is on this host."),
    );
    this.crumbs = h("nav", { class: "crumbs", "aria-label": "Way back" }, h("a", { href: back[0] }, back[1]));
    this.element = h("div", { class: "view" });
    this.show_row();
    this.load();
  }

  get title() {
    const row = this.row();
    return row ? title_of(row) : this.id;
  }

  row() {
    return this.context.store.rows.get(this.key);
  }

  update({ keys, all, events }) {
    if (!all && !keys.has(this.key)) return;
    this.show_row();
    const is_told = events.some((event) => event.kind === this.kind && event.id === this.id && !event.progress);
    if (is_told) {
      this.actions.told();
      this.load_soon();
    }
  }

  refresh() {
    this.load();
  }

  leave() {
    this.asked?.abort();
    clearTimeout(this.soon);
    this.actions.leave();
  }

  show_row() {
    const row = this.row();
    arrange(this.element, [this.crumbs, row ? this.body : this.gone]);
    if (!row) return;
    const running = this.context.store.running.has(this.key);
    attribute(this.element, "data-status", row.status);
    this.indicator.show(row.status, running);
    text(this.name, title_of(row));
    text(this.subtitle, subtitle_of(row));
    this.marks.replaceChildren(...marks(row.marks));
    restamp(this.since, row.since, "since");
    this.age.hidden = !row.since;
    text(this.message, (running && row.progress) || row.message || "No result yet.");
    // Of a watch nothing else is told beside its status.
    text(this.fix, (this.kind === "watch" && row.progress) || "");
    this.fix.hidden = !this.fix.textContent;
    text(this.description, row.description);
    this.strip.show(this.context.strips.of(this.key));
    this.actions.show(running);
    this.show_facts(row);
  }

  load_soon() {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.load(), SETTLE);
  }

  async load() {
    this.asked?.abort();
    this.asked = new AbortController();
    const { signal } = this.asked;
    const from = new Date(now() - WEEK).toISOString();
    const asked = [get(this.base, signal), get(`${this.base}/hours?from=${encodeURIComponent(from)}&limit=200`, signal)];
    if (this.kind !== "watch") asked.push(get(`${this.base}/runs?limit=100`, signal));
    const [detail, past, runs] = await Promise.all(asked);
    if (signal.aborted) return;
    this.detail = detail;
    this.past = past;
    this.runs = runs?.data?.items ?? detail.data?.runs ?? null;
    if (detail.data?.row) this.context.store.refresh([detail.data.row]);
    if (this.row()) {
      const hours_known = past.data?.items ?? past.data;
      text(this.share, hours_known ? share_of(hours_known, DAY, now(), "24 hours") : "");
      this.show_facts(this.row());
      this.show_parts(this.row());
    }
  }

  show_facts(row) {
    const facts = fact_list(row, this.detail?.data ?? {});
    const mark = JSON.stringify(facts.map(([word, value]) => [word, plain(value)]));
    if (mark === this.facts_shown) return;
    this.facts_shown = mark;
    const list = facts.map(([word, value]) => h("div", null, h("dt", null, word), h("dd", null, value)));
    this.facts.replaceChildren(h("dl", { class: "facts panel" }, list));
  }

  show_parts(row) {
    const { data, problem } = this.detail;
    const parts = [];
    if (!data) parts.push(missing(problem));
    const perfdata = data?.perfdata ?? [];
    if (perfdata.length) parts.push(section("Measured", h("div", { class: "plots" }, this.plots(perfdata))));
    const charts = [section("Last 7 days", this.week())];
    // Units are watched, and only some of them run and end.
    if (this.runs && (this.kind !== "watch" || this.runs.length)) charts.push(section("How long it took", h("div", { class: "panel" }, durations(this.runs, row.timeout_seconds))));
    parts.push(h("div", { class: "plots" }, charts));
    if (this.kind !== "watch") parts.push(section("Runs", this.run_table()));
    if (data) {
      parts.push(section("Changes of status", transitions(data.transitions)));
      if (this.kind !== "watch") parts.push(section("Last output", lines(data.log, "the log")));
      if (data.document) parts.push(section("Document", lines(JSON.stringify(data.document, null, 2).split("\n"), "the document")));
      if (this.kind !== "ping") parts.push(section("Journal", lines(data.journal, "the journal")));
    }
    keep_places(this.parts, parts);
  }

  plots(perfdata) {
    const runs = this.runs ?? [];
    return perfdata.map((metric) => {
      const points = runs.map((run) => ({
        time: began(run),
        value: (run.metrics ?? []).find((other) => other.label === metric.label)?.value,
      }));
      const limits = [metric.warn && `warning ${metric.warn}`, metric.crit && `critical ${metric.crit}`].filter(Boolean).join(", ");
      const words = h(
        "p",
        { class: "metric" },
        h("span", { class: "name" }, metric.label),
        h("strong", null, quantity(metric.value, metric.unit)),
        limits && h("span", { class: "limits" }, limits),
      );
      return h("div", { class: "panel" }, words, values(metric.label, points.filter((point) => point.time), metric));
    });
  }

  week() {
    const { data, problem } = this.past;
    if (!data) return missing(problem);
    const items = data.items ?? data;
    const label = share_of(items, WEEK, now(), "7 days");
    const drawing = hours(items, now(), label);
    const scroll = h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Healthy hours" }, drawing);
    return h("div", { class: "panel" }, h("p", { class: "metric" }, h("strong", null, label)), scroll);
  }

  run_table() {
    if (!this.runs) return missing("the history");
    const columns = ["Began", "Status", "Took", "Started by", "CPU", "Memory", "Message"];
    const rows = this.runs.slice(0, 20).map((run) =>
      h(
        "tr",
        { "data-status": run.status },
        // Of what only tells that it ended no beginning is known.
        h("td", null, stamp(began(run), "moment")),
        h("td", null, run.status ? indicator(run.status) : h("span", { class: "indicator", "data-running": "" }, "running")),
        h("td", null, measured(run.duration_seconds)),
        h("td", null, run.trigger ?? "–"),
        h("td", null, measured(run.cpu_seconds)),
        h("td", null, quantity(run.peak_memory_bytes, "B")),
        h("td", { class: "message" }, run.message ?? ""),
      ),
    );
    return rows.length ? table("Runs", columns, rows) : h("p", { class: "empty" }, "No run is recorded.");
  }
}

function fact_list(row, { header, schedule_human, next_runs, running_since, usual_seconds }) {
  const facts = [];
  const fact = (word, value) => value !== null && value !== undefined && value !== "" && facts.push([word, value]);
  const human = schedule_human ?? row.schedule_human;
  const written = row.schedule !== human && h("code", null, row.schedule ?? "");
  if (human || row.schedule) fact("Schedule", h("span", null, human ?? "", " ", written));
  const next = next_runs?.length ? next_runs : [row.next_run].filter(Boolean);
  const times = next.map((time, at) => h("li", null, stamp(time, at ? "moment" : "relative")));
  if (times.length) fact(times.length > 1 ? "Next runs" : "Next run", h("ol", { class: "times" }, times));
  if (row.last_run) fact("Last run", stamp(row.last_run));
  if (running_since) fact("Running since", stamp(running_since));
  if (usual_seconds) fact("Usually takes", measured(usual_seconds));
  if (row.deadline) fact("Next result due", stamp(row.deadline));
  if (row.timeout_seconds) fact(row.kind === "ping" ? "Grace" : "Time limit", measured(row.timeout_seconds));
  if (row.watch) {
    fact("Expected", row.watch.expected);
    fact("Actual", row.watch.actual);
    fact("Restarts", row.watch.restarts === null ? null : String(row.watch.restarts));
    if (row.watch.latency_seconds !== null) fact("Answers in", measured(row.watch.latency_seconds));
  }
  fact("Version", row.version);
  const tags = header?.tags ?? row.tags ?? [];
  const links = tags.map((tag) => h("a", { href: `/checks?tag=${encodeURIComponent(tag)}` }, tag));
  if (links.length) fact("Tags", h("span", { class: "tags" }, links));
  fact("Profile", header?.profile ?? row.profile);
  if (header?.runbook) fact("Runbook", outward(header.runbook, header.runbook));
  fact("User", header?.user);
  fact("Sandbox", header?.sandbox);
  fact("Network", yes_or_word(header?.network));
  fact("Protocol", header?.protocol);
  fact("Section", header?.section);
  if (header?.confirm > 1) fact("Confirm", `${header.confirm} bad results in a row`);
  if (header?.jitter_seconds) fact("Jitter", measured(header.jitter_seconds));
  fact("Id", h("code", null, row.id));
  return facts;
}

const yes_or_word = (value) => (typeof value === "boolean" ? (value ? "yes" : "no") : value);

/** What a fact says, without the ages in it, which tick by themselves. */
function plain(value) {
  if (!(value instanceof Node)) return value;
  const times = value.matches("time") ? [value] : [...value.querySelectorAll("time")];
  return times.length ? times.map((time) => time.dateTime).join() : value.textContent;
}

function transitions(items) {
  if (!items) return missing("the history");
  if (items.length === 0) return h("p", { class: "empty" }, "The status has not changed.");
  const rows = items.slice(0, 20).map((item) =>
    h(
      "tr",
      null,
      h("td", null, stamp(item.time, "moment")),
      h("td", { class: "change" }, indicator(item.from), icon("arrow"), h("span", { class: "sr" }, "to"), indicator(item.to)),
      h("td", { class: "message" }, item.message ?? ""),
    ),
  );
  return table("Changes of status", ["When", "Change", "Message"], rows);
}

function lines(found, what) {
  if (!found) return missing(`${what} can't be read`);
  if (found.length === 0) return h("p", { class: "empty" }, "Nothing yet.");
  const words = found.map((line) => (typeof line === "string" ? line : (line.text ?? line.message ?? JSON.stringify(line)))).join("\n");
  const output = h("pre", { class: "output", tabindex: "0", role: "group", "aria-label": `Lines of ${what}` }, words);
  requestAnimationFrame(() => (output.scrollTop = output.scrollHeight));
  return output;
}

/** Shows new parts, leaving those alone that are as they were: what is selected, focused or scrolled stays so. */
function keep_places(parent, parts) {
  const old = [...parent.children];
  parts.forEach((part, at) => {
    const before = old[at];
    if (!before) parent.append(part);
    else if (!before.isEqualNode(part)) before.replaceWith(part);
  });
  old.slice(parts.length).forEach((part) => part.remove());
}

