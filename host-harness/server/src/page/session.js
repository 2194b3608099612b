// Who is logged in. The token is sent once; afterwards the browser has a cookie that no script can read.

import { Refused, Unreachable, ask, get } from "./api.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { lang, say } from "./language.js";

/** The session that this browser has; null where it has none. */
export async function current() {
  try {
    return await get("/v1/session");
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

/** Logs out. */
export const leave = () => ask("DELETE", "/v1/session").catch(() => {});

/** The form to log in with. */
export function Login({ onEnter }) {
  const [why, setWhy] = useState("");
  const [busy, setBusy] = useState(false);
  const field = useRef(null);
  useEffect(() => field.current.focus(), []);
  const submit = async (event) => {
    event.preventDefault();
    const token = field.current.value.trim();
    setBusy(true);
    setWhy("");
    try {
      const session = await ask("POST", "/v1/session", { json: { token } });
      field.current.value = "";
      onEnter(session);
    } catch (error) {
      setWhy(error instanceof Refused ? say("refused") : error instanceof Unreachable ? say("unreachable") : error.text?.(lang()) ?? error.message);
      setBusy(false);
      field.current.select();
    }
  };
  return html`<main id="login">
    <form id="door" onSubmit=${submit}>
      <h1>${say("enterTitle")}</h1>
      <label for="token">${say("token")}</label>
      <input id="token" type="password" autocomplete="off" spellcheck="false" required ref=${field} aria-describedby="refused token-help" aria-invalid=${why ? "true" : null} />
      <p id="token-help" class="quiet">${say("tokenHelp")}</p>
      <p id="refused" role="alert" class="wrong">${why}</p>
      <button class="primary" disabled=${busy}>${say("enter")}</button>
    </form>
  </main>`;
}
