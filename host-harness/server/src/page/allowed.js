// What can be done here at this moment, and why not.

import { useConsole } from "./console.js";
import { html } from "./html.js";
import { local, say } from "./language.js";

/** Why an operation does not forward calls now; null where it works. */
export function notWorking(integration, { connection, integrations }) {
  const one = connection.state?.integrations.find(({ id }) => id === integration) ?? integrations?.find(({ id }) => id === integration);
  if (!one || one.on) return null;
  return one.enabled ? say("integrationEnded", integration) : say("integrationSwitchedOff", integration);
}

/** Why nothing can be changed here, where nothing can. */
export function ReadOnly() {
  const { configuration, mayChange, offers } = useConsole();
  if (!mayChange) return html`<p class="quiet">${say("viewerOnly")}</p>`;
  if (configuration && !configuration.writable) return html`<p class="quiet">${configuration.file ? local(configuration.not_writable) : say("demonstration")}</p>`;
  return !configuration && !offers("GET /v1/configuration") ? html`<p class="quiet">${say("notOffered")}</p>` : null;
}
