// What an operator can do with a check or a watch. It takes a token, which is asked for and kept for as long as the tab is open.

import { h, text, attribute } from "./dom.js";
import { icon } from "./status.js";
import { post, token } from "./api.js";

export class Actions {
  constructor(base, kind, id) {
    this.base = base;
    this.id = id;
    /** For a place of its own: what went wrong may be long. */
    this.answer = h("p", { class: "answer", role: "status" });
    this.forget = h("button", { type: "button", class: "quiet", onclick: () => this.forget_token() }, "Forget token");
    const button = (words, name, act) => h("button", { type: "button", onclick: act }, icon(name), words);
    const run = button("Run now", "run", () => this.act("run", {}, "The run begins."));
    const look = button("Check now", "run", () => this.act("check", {}, "It is looked at."));
    // A program that tells of its runs runs elsewhere.
    this.buttons = { check: [run], watch: [look, this.menu()], ping: [] }[kind];
    this.element = h("div", { class: "actions" }, this.forget, this.buttons);
    this.show(false);
  }

  /** Whether a run goes on. */
  show(running) {
    this.forget.hidden = !token.get() || this.buttons.length === 0;
    if (running === this.running || this.buttons.length === 0) return;
    this.running = running;
    this.buttons[0].disabled = running;
    if (!running) this.say("");
  }

  /** Something came of it, perhaps. What went wrong stays to be read. */
  told() {
    if (!this.answer.hasAttribute("data-problem")) this.say("");
  }

  say(words, is_problem = false) {
    text(this.answer, words);
    attribute(this.answer, "data-problem", is_problem ? "" : null);
  }

  menu() {
    const choose = (action, words) => async () => {
      menu.open = false;
      if (await ask_whether(words, this.id)) this.act("action", { action }, `Asked to ${words} it.`);
    };
    const actions = [["start", "start"], ["restart", "restart"], ["stop", "stop"], ["auto_fix", "bring back"]];
    const items = actions.map(([action, words]) => h("button", { type: "button", onclick: choose(action, words) }, words));
    const menu = h("details", { class: "menu" }, h("summary", null, "Unit"), h("div", null, items));
    return menu;
  }

  async act(what, body, done) {
    let complaint = "";
    for (;;) {
      const given = token.get() ?? (await ask_for_token(complaint));
      if (!given) return;
      this.say("…");
      const { problem, status } = await post(`${this.base}/${what}`, given, body);
      if (status === 401) {
        this.say("");
        token.forget();
        complaint = problem;
        continue;
      }
      // It is one: that something else stands against this is said.
      token.set(given);
      this.forget.hidden = false;
      this.say(problem ?? done, Boolean(problem));
      return;
    }
  }

  forget_token() {
    token.forget();
    this.forget.hidden = true;
    this.say("Forgotten.");
  }

  leave() {
    document.querySelector("dialog")?.remove();
  }
}

function ask_for_token(complaint) {
  const input = h("input", { type: "password", id: "token", autocomplete: "off", required: true, spellcheck: "false" });
  const words = "This is for operators. The token stays in this tab and is gone with it.";
  const content = [
    h("h2", { id: "dialog-title" }, "Operator’s token"),
    h("p", null, words),
    complaint && h("p", { class: "complaint", role: "alert" }, complaint),
    h("label", { for: "token" }, "Token", input),
  ];
  return ask(content, "Use it", () => input.value.trim());
}

function ask_whether(action, unit) {
  const title = h("h2", { id: "dialog-title" }, `Really ${action} ${unit}?`);
  return ask([title, h("p", null, "This changes the unit itself, not only what is known of it.")], action, () => true);
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
