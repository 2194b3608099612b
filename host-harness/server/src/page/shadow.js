// A shadow: a version that resolves the same calls without acting. What it found says whether it may be put in force.

import { get } from "./api.js";
import { link } from "./address.js";
import { useConsole } from "./console.js";
import { html, useEffect, useState } from "./html.js";
import { moment, recent, say } from "./language.js";
import { outcomeOf, reasonsOf, targetName } from "./meaning.js";

const EVERY = 5_000;

/** The shadow of an operation, where the state says that it has one. */
export function Shadow({ operation, onEnd, nameOf }) {
  const { operations, employees, mayChange, connection } = useConsole();
  const [shadow, setShadow] = useState(null);
  const digest = connection.state?.operations.find(({ id }) => id === operation)?.shadow ?? null;
  useEffect(() => {
    setShadow(null);
    if (!digest) return undefined;
    let over = false;
    const look = () => get(`/v1/operations/${encodeURIComponent(operation)}/shadow`).then((found) => over || setShadow(found), () => {});
    look();
    const timer = setInterval(() => document.hidden || look(), EVERY);
    return () => { over = true; clearInterval(timer); };
  }, [operation, digest]);
  if (!shadow) return null;
  const reasons = reasonsOf(operations);
  const named = (id) => employees.find((one) => one.id === id)?.name || id;
  const went = ({ reason, employee, linked_operation: target, route }) =>
    [reason ? outcomeOf(reason, reasons).text : say("meaning:forwarded"), named(employee), targetName(target ?? route?.target ?? "", operations)].filter(Boolean).join(" · ");
  const kinds = Object.entries({ ...shadow.kinds, ...shadow.details });
  return html`<div class="shadow" data-different=${shadow.different}>
    <h3>${say("shadowIs", nameOf(shadow.shadow))}</h3>
    <p>${say("shadowSince", moment(shadow.since))}. ${say("shadowCounts", shadow.compared, shadow.same, shadow.different)}</p>
    ${kinds.length > 0 && html`<p class="quiet">${kinds.map(([kind, count]) => `${say(`differs:${kind}`)}: ${count}`).join(", ")}</p>`}
    ${shadow.differences.length > 0 && html`<div class="scroll" tabindex="0" role="region" aria-label=${say("differences")}><table>
      <thead><tr><th>${say("time")}</th><th>${say("caller")}</th><th>${say("inForce")}</th><th>${say("theShadow")}</th></tr></thead>
      <tbody>${shadow.differences.map((one) => html`<tr key=${`${one.call}${one.at}`}>
        <td>${recent(one.at)}</td><td>${one.caller ?? say("withheld")}</td><td>${went(one.active)}</td><td>${went(one.shadow)}</td>
      </tr>`)}</tbody>
    </table></div>`}
    <p class="buttons">${mayChange && html`<button type="button" onClick=${() => onEnd().catch(() => {})}>${say("endShadow")}</button>`}
      <a class="button" href=${link("calls", null, { operation })}>${say("itsCalls")}</a></p>
  </div>`;
}
