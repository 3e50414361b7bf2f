// The way to the agent. Events come over a WebSocket. A browser shows a page neither the server's pings nor a connection that is dead
// without having been closed, so while the page is looked at a small question (`/pulse`) goes out every few seconds: its answer tells that
// the agent lives, and by the number of its last event whether the socket still brings everything.

import { JSON_ONLY } from "./api.js";

/** Between two questions while somebody looks, and otherwise. */
const BEAT = 3000;
const BEAT_HIDDEN = 30_000;
/** How long an answer may take. */
const ANSWER = 2500;
/** After so long without a sign of life what is shown is stale. */
const STALE = 6000;
/** Between two looks at the board where no socket can be had. */
const POLL = 15_000;
/** Between two attempts to open a socket: first and longest. */
const BACK_OFF = [400, 5000];
/** After so many attempts in vain with an agent that answers, something on the way does not pass WebSockets on. */
const ATTEMPTS = 3;

export class Connection extends EventTarget {
  constructor(store) {
    super();
    this.store = store;
    /** `connecting`, `live`, `polling` or `stale`. */
    this.state = "connecting";
    this.heard = performance.now();
    this.failures = 0;
    this.etag = null;
  }

  start() {
    this.open();
    this.beat();
    setInterval(() => this.judge(), 500);
    document.addEventListener("visibilitychange", () => document.hidden || this.beat());
    addEventListener("online", () => this.beat());
    addEventListener("pagehide", () => this.socket?.close());
    addEventListener("pageshow", (event) => event.persisted && this.open());
  }

  open() {
    clearTimeout(this.again);
    this.drop();
    this.behind = undefined;
    const { epoch, seq } = this.store;
    const since = epoch === null ? "" : `?since=${encodeURIComponent(`${epoch}:${seq}`)}`;
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws${since}`);
    this.socket = socket;
    this.opening = performance.now();
    socket.addEventListener("message", ({ data }) => this.receive(socket, data));
    socket.addEventListener("close", () => this.closed(socket));
  }

  drop() {
    const socket = this.socket;
    this.socket = null;
    this.is_open = false;
    socket?.close();
  }

  receive(socket, data) {
    if (socket !== this.socket) return;
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    this.hear();
    const is_hello = frame.type === "hello";
    if (!this.store.take(frame)) return this.open();
    if (!is_hello) return;
    this.is_open = true;
    this.failures = 0;
    this.judge();
    this.dispatchEvent(new CustomEvent("caught-up"));
  }

  closed(socket) {
    if (socket !== this.socket) return;
    this.drop();
    this.failures += 1;
    this.judge();
    const wait = Math.min(BACK_OFF[1], BACK_OFF[0] * 2 ** (this.failures - 1)) * (0.75 + Math.random() / 2);
    this.again = setTimeout(() => this.open(), this.state === "polling" ? 2 * POLL : wait);
    this.beat();
  }

  /** Asks for a sign of life, and again after a while. */
  async beat() {
    clearTimeout(this.next);
    this.asked?.abort();
    const asked = (this.asked = new AbortController());
    const timer = setTimeout(() => asked.abort(), ANSWER);
    const sent = performance.now();
    try {
      const answer = await fetch("/pulse", { headers: JSON_ONLY, signal: asked.signal, cache: "no-store" });
      const pulse = await answer.json();
      if (answer.ok) this.felt(pulse, sent);
    } catch {
      // What is missing is found by `judge`.
    } finally {
      clearTimeout(timer);
      if (asked === this.asked) {
        const is_well = this.silence() < BEAT;
        this.next = setTimeout(() => this.beat(), document.hidden ? BEAT_HIDDEN : is_well ? BEAT : 1000);
      }
    }
  }

  felt(pulse, sent) {
    this.hear(sent);
    const { epoch, seq } = this.store;
    // What happened before the question was asked has had its time to arrive by the next answer.
    const is_behind = this.is_open && this.behind !== undefined && (epoch !== this.behind.epoch || seq < this.behind.seq);
    this.behind = pulse;
    if (is_behind) this.open();
    if (!this.socket && !this.is_polling()) this.open();
    if (this.is_polling()) this.poll();
    this.judge();
    this.dispatchEvent(new CustomEvent("pulse", { detail: pulse }));
  }

  is_polling() {
    return !this.is_open && this.failures >= ATTEMPTS;
  }

  /** The board without a socket. */
  async poll() {
    if (this.polled !== undefined && performance.now() - this.polled < POLL) return;
    this.polled = performance.now();
    try {
      const headers = this.etag ? { ...JSON_ONLY, "if-none-match": this.etag } : JSON_ONLY;
      const answer = await fetch("/api/v1/checks", { headers, cache: "no-store" });
      if (!answer.ok) return;
      this.etag = answer.headers.get("etag");
      const rows = await answer.json();
      if (this.is_open) return;
      // Events that were missed are not in the stream any more.
      this.store.epoch = null;
      this.store.replace(rows);
      this.dispatchEvent(new CustomEvent("caught-up"));
    } catch {
      this.polled = undefined;
    }
  }

  hear(at = performance.now()) {
    this.heard = Math.max(this.heard, at);
  }

  /** Milliseconds since the last sign of life. */
  silence() {
    return performance.now() - this.heard;
  }

  judge() {
    const is_stuck = this.socket && !this.is_open && performance.now() - this.opening > STALE;
    if (is_stuck && this.silence() < STALE) this.closed(this.socket);
    const state = this.silence() > STALE ? "stale" : this.is_open ? "live" : this.is_polling() ? "polling" : "connecting";
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new CustomEvent("state"));
  }
}
