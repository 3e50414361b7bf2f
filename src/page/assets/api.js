// Questions to the agent. An answer is `{ data }`, or `{ problem }`: a sentence that can be shown.

const TOKEN = "ssi-token";

/** With it the agent does not have the browser ask for a password, which would open a dialog over the page again and again. */
export const JSON_ONLY = { accept: "application/json" };

/** Asks; a page that asks the same thing meanwhile shares the answer. */
export async function get(path, signal) {
  return call(path, { headers: JSON_ONLY, signal, cache: "no-cache" });
}

/** Does something, with the operator's token. */
export async function post(path, token, body) {
  const headers = { ...JSON_ONLY, authorization: `Bearer ${token}`, "content-type": "application/json" };
  return call(path, { method: "POST", headers, body: JSON.stringify(body ?? {}) });
}

async function call(path, options) {
  try {
    const answer = await fetch(path, options);
    const type = answer.headers.get("content-type") ?? "";
    const body = type.includes("json") ? await answer.json() : null;
    if (answer.ok) return { data: body };
    return { problem: body?.detail ?? `the agent answered with ${answer.status}`, status: answer.status };
  } catch (error) {
    return { problem: error.name === "AbortError" ? "given up" : "the agent does not answer", aborted: error.name === "AbortError" };
  }
}

/** The token, for as long as this tab is open. */
export const token = {
  get: () => sessionStorage.getItem(TOKEN),
  set: (value) => sessionStorage.setItem(TOKEN, value),
  forget: () => sessionStorage.removeItem(TOKEN),
};
