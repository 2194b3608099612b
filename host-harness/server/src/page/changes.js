// What was changed of the configuration, by whom and when, and how to undo it.

import { ReadOnly } from "./allowed.js";
import { ask, get } from "./api.js";
import { Confirmed } from "./confirmed.js";
import { useConsole } from "./console.js";
import { revisionNow } from "./editing.js";
import { html, useCallback, useEffect, useState } from "./html.js";
import { local, moment, say } from "./language.js";
import { worded } from "./meaning.js";

const PAGE = 50;

/** A unified difference, without the names of its sides and the remark on a last line without an end; what is added and what is removed can be told apart without colours by their signs. */
function Difference({ text }) {
  const lines = text.replace(/\n$/, "").split("\n").filter((line, at) => !(at < 2 && /^(\+\+\+|---) /.test(line)) && !line.startsWith("\\"));
  const kind = (line) => (line.startsWith("@@") ? "head" : line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : "same");
  return html`<pre class="difference" tabindex="0" aria-label=${say("difference")}>${lines.map((line, at) => html`<span key=${at} class=${kind(line)}>${line}${"\n"}</span>`)}</pre>`;
}

export function Changes() {
  const { operations, configuration, mayChange, connection, offers, reload } = useConsole();
  const [found, setFound] = useState({ changes: null, next: null });
  const load = useCallback(async (before = null) => {
    const page = await get(`/v1/changes?limit=${PAGE}${before ? `&before=${before}` : ""}`);
    setFound((held) => ({ changes: before ? [...held.changes, ...page.changes] : page.changes, next: page.next }));
  }, []);
  const revision = configuration?.revision;
  const here = offers("GET /v1/changes");
  useEffect(() => { if (here) load().catch(() => {}); }, [here, revision, connection.live === "on"]);
  const undo = (number) => async () => ask("POST", `/v1/changes/${number}/undo`, { revision: await revisionNow(configuration) });
  const { changes, next } = found;
  const refused = connection.state?.configuration?.refused;
  return html`<h1>${say("view:changes")}</h1>
    ${refused && html`<div class="card wrong" role="alert"><p>${say("configurationRefused")}</p><p>${local(refused)}</p></div>`}
    ${operations.length > 0 && !here ? html`<p class="quiet">${say("notOffered")}</p>` : html`<p class="quiet">${say("changesHelp")}</p>`}
    ${changes?.length === 0 && html`<p>${say("noChanges")}</p>`}
    <ol class="rows" id="changes">${changes?.map((change) => html`<li class="card" key=${change.number} data-number=${change.number}>
      <p><strong>${moment(change.at)}</strong> · ${change.author ?? say("nobodyNamed")} · ${worded("by", change.by)} <span class="quiet">№ ${change.number}</span></p>
      ${change.what && html`<p>${local(change.what)}</p>`}
      ${change.undoes !== null && html`<p>${say("undoes", change.undoes)}</p>`}
      ${change.undone_by !== null && html`<p class="quiet">${say("undoneBy", change.undone_by)}</p>`}
      ${change.difference && html`<${Difference} text=${change.difference} />`}
      ${mayChange && configuration?.writable && change.difference && change.undone_by === null && html`<p class="buttons"><${Confirmed} label=${say("undo")} question=${say("undoSure", change.number)} act=${undo(change.number)} onDone=${() => { reload(); load().catch(() => {}); }} /></p>`}
    </li>`)}</ol>
    ${next !== null && html`<button type="button" onClick=${() => load(next).catch(() => {})}>${say("older")}</button>`}
    <${ReadOnly} />`;
}
