// The page: joins the board, the connection, the address and the views.

import { h, text, attribute } from "./dom.js";
import { Banner } from "./banner.js";
import { Connection } from "./connection.js";
import { Store, is_pressing } from "./store.js";
import { Strips } from "./strips.js";
import { tick } from "./time.js";
import * as overview from "./overview.js";
import * as lists from "./lists.js";
import * as detail from "./detail.js";
import * as jobs from "./jobs.js";
import * as events from "./events.js";
import * as alerts from "./alerts.js";
import * as grid from "./grid.js";

const VIEWS = [
  [/^\/$/, overview.mount],
  [/^\/checks$/, lists.checks],
  [/^\/checks\/([^/]+)$/, detail.check],
  [/^\/pings\/([^/]+)$/, detail.ping],
  [/^\/watches$/, lists.watches],
  [/^\/watches\/([^/]+)$/, detail.watch],
  [/^\/jobs$/, jobs.mount],
  [/^\/events$/, events.mount],
  [/^\/alerts$/, alerts.mount],
  [/^\/grid$/, grid.mount],
];

const main = document.querySelector("main");
const search = document.querySelector("#search");
const store = new Store();
const strips = new Strips(store);
const connection = new Connection(store);
const banner = new Banner(store, connection);

/** The view that is shown: `{ element, title, update(change), filter?(), refresh?() }`. */
let view = null;

const context = {
  store,
  strips,
  connection,
  /** What the address says beside its path. */
  get query() {
    return new URLSearchParams(location.search);
  },
  /** Changes what the address says beside its path: null takes a word out. */
  filter(changes) {
    const query = context.query;
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === "") query.delete(name);
      else query.set(name, value);
    }
    const words = query.toString();
    history.replaceState(history.state, "", words ? `?${words}` : location.pathname);
    search.value = query.get("q") ?? "";
    view?.filter?.();
  },
  /** Whether a row is looked for. */
  matches(row) {
    const words = (context.query.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) return true;
    const whole = [row.id, row.name, row.description, row.message, row.status, row.profile, ...(row.tags ?? []), ...row.marks];
    const haystack = whole.filter(Boolean).join(" ").toLowerCase();
    return words.every((word) => haystack.includes(word));
  },
};

function show() {
  const path = location.pathname;
  const [found, mount] = VIEWS.map(([form, mount]) => [form.exec(path), mount]).find(([found]) => found) ?? [null, overview.mount];
  view?.leave?.();
  view = mount(context, found?.[1] === undefined ? undefined : decoded(found[1]));
  main.replaceChildren(view.element);
  search.value = context.query.get("q") ?? "";
  const part = path.split("/")[1];
  for (const link of document.querySelectorAll("nav a")) {
    attribute(link, "aria-current", new URL(link.href).pathname === `/${part}` ? "page" : null);
  }
  entitle();
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function entitle() {
  const bad = store.count(is_pressing);
  document.title = `${bad ? `(${bad}) ` : ""}${view?.title ? `${view.title} · ` : ""}${store.host ?? "ssi"}`;
}

function navigate(url, { replace = false } = {}) {
  history.replaceState({ ...history.state, scroll: scrollY }, "");
  history[replace ? "replaceState" : "pushState"]({}, "", url);
  show();
  scrollTo(0, 0);
  main.querySelector("h1")?.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  const is_plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link || !is_plain || event.defaultPrevented || link.target || link.origin !== location.origin) return;
  if (!VIEWS.some(([form]) => form.test(link.pathname)) || (link.hash && link.pathname === location.pathname)) return;
  event.preventDefault();
  navigate(link.href);
});

addEventListener("popstate", (event) => {
  if (!store.is_filled) return;
  show();
  scrollTo(0, event.state?.scroll ?? 0);
});

search.addEventListener("input", () => {
  // What can't be filtered is left for the list of what can.
  if (view?.filter) return context.filter({ q: search.value });
  navigate(`/checks?q=${encodeURIComponent(search.value)}`);
  search.focus();
});
search.form.addEventListener("submit", (event) => event.preventDefault());

document.addEventListener("keydown", (event) => {
  const is_typing = event.target.closest?.("input, textarea, select, dialog");
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && event.target === search) {
    search.value = "";
    context.filter({ q: null });
    search.blur();
  }
  if (is_typing) return;
  if (event.key === "/") {
    event.preventDefault();
    search.focus();
    search.select();
  }
  const step = { j: 1, k: -1 }[event.key];
  if (step) walk(step);
});

/** Moves the focus to the next or the previous thing of a list. */
function walk(step) {
  const links = [...main.querySelectorAll(".line > a, .card > a, .tile, tbody a")];
  const at = links.indexOf(document.activeElement);
  links[at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step]?.focus();
}

store.listen((change) => {
  if (!view) show();
  else view.update?.(change);
  banner.update();
  entitle();
});
strips.listeners.add(() => view?.update?.({ keys: new Set(), all: true, events: [] }));
connection.addEventListener("state", () => banner.update());
connection.addEventListener("caught-up", () => {
  strips.load();
  view?.refresh?.();
});
connection.addEventListener("pulse", ({ detail }) => {
  const served = document.querySelector("meta[name=ssi-build]").content;
  if (detail.build && detail.build !== served) offer_reload();
  tell_mistakes(detail.mistakes ?? []);
});

/** What of the configuration is not in force, and why; the same as in the snapshot, see `shell.rs`. */
function tell_mistakes([first, ...rest]) {
  const there = document.querySelector("#mistakes");
  if (first === undefined) return there?.remove();
  const more = rest.length ? ` (and ${rest.length} more)` : "";
  const words = `The configuration is not in force as it stands: ${first}${more}`;
  if (there) text(there, words);
  else document.querySelector("#notices").append(h("p", { id: "mistakes", class: "notice", role: "status" }, words));
}

function offer_reload() {
  if (document.querySelector("#reload")) return;
  const button = h("button", { type: "button", onclick: () => location.reload() }, "Reload");
  document.querySelector("#notices").append(h("p", { id: "reload", class: "notice" }, "The agent was updated. ", button));
}

setInterval(() => {
  if (document.hidden) return;
  tick();
  view?.tick?.();
  banner.tick();
}, 1000);

text(document.querySelector("#link .word"), "Connecting");
strips.start();
connection.start();
