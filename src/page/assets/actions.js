// What an operator can do with a check or a watch. It takes a token, which is asked for and kept for as long as the tab is open.

import { h, text } from "./dom.js";
import { icon } from "./status.js";
import { post, token } from "./api.js";

export class Actions {
  constructor(base, kind) {
    this.base = base;
    this.answer = h("span", { class: "answer", role: "status" });
    this.forget = h("button", { type: "button", class: "quiet", onclick: () => this.forget_token() }, "Forget token");
    const button = (words, name, act) => h("button", { type: "button", onclick: act }, icon(name), words);
    const run = button("Run now", "run", () => this.act("run", {}, "The run begins."));
    const look = button("Check now", "run", () => this.act("check", {}, "It is looked at."));
    // A program that tells of its runs runs elsewhere.
    this.buttons = { check: [run], watch: [look, this.menu()], ping: [] }[kind];
    this.element = h("div", { class: "actions" }, this.answer, this.forget, this.buttons);
    this.show(false);
  }

  /** Whether a run goes on. */
  show(running) {
    this.forget.hidden = !token.get() || this.buttons.length === 0;
    if (running === this.running || this.buttons.length === 0) return;
    this.running = running;
    this.buttons[0].disabled = running;
    if (!running) text(this.answer, "");
  }

  menu() {
    const choose = (action) => async () => {
      if (await ask_whether(action)) this.act("action", { action }, `Asked to ${action}.`);
    };
    const items = ["start", "restart", "stop"].map((action) => h("button", { type: "button", onclick: choose(action) }, action));
    return h("details", { class: "menu" }, h("summary", null, "Unit"), h("div", null, items));
  }

  async act(what, body, done) {
    let complaint = "";
    for (;;) {
      const given = token.get() ?? (await ask_for_token(complaint));
      if (!given) return;
      text(this.answer, "…");
      const { problem, status } = await post(`${this.base}/${what}`, given, body);
      if (status === 401) {
        token.forget();
        complaint = problem;
        continue;
      }
      if (!problem) token.set(given);
      this.forget.hidden = !token.get();
      text(this.answer, problem ?? done);
      return;
    }
  }

  forget_token() {
    token.forget();
    this.forget.hidden = true;
    text(this.answer, "Forgotten.");
  }

  leave() {
    document.querySelector("dialog")?.remove();
  }
}

function ask_for_token(complaint) {
  const input = h("input", { type: "password", id: "token", autocomplete: "off", required: true, spellcheck: "false" });
  const words = "Runs are started by operators. The token stays in this tab and is gone with it.";
  const content = [
    h("h2", { id: "dialog-title" }, "Operator’s token"),
    h("p", null, words),
    complaint && h("p", { class: "complaint", role: "alert" }, complaint),
    h("label", { for: "token" }, "Token", input),
  ];
  return ask(content, "Use it", () => input.value.trim());
}

function ask_whether(action) {
  const title = h("h2", { id: "dialog-title" }, `Really ${action}?`);
  return ask([title, h("p", null, "This changes the service itself, not only what is known of it.")], action, () => true);
}

/** A question; null if it was not answered. */
function ask(content, yes, answer) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { "aria-labelledby": "dialog-title" });
    const cancel = h("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, "Cancel");
    const form = h("form", { method: "dialog", onsubmit: () => dialog.close("yes") }, content, h("div", { class: "answers" }, cancel, h("button", { type: "submit" }, yes)));
    dialog.append(form);
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes" ? answer() : null);
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
