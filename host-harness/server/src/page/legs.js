// What the PBX saw: each leg with how long it rang and how that ended.

import { html } from "./html.js";
import { duration, say } from "./language.js";

function Leg({ leg, longest }) {
  const name = leg.number ?? say("linkedNamed", leg.linked_operation);
  const codes = [leg.sip_status && `SIP ${leg.sip_status}`, leg.q850_cause && `Q.850 ${leg.q850_cause}`].filter(Boolean).join(", ");
  const rang = leg.ring_ms ? `${duration(leg.ring_ms)} ` : "";
  const kind = leg.result === "answered" ? "answered" : "rang";
  return html`<li>
    <p><span>${name}</span> <span class="quiet">${rang}${say(`ending:${leg.result}`)}${codes && ` (${codes})`}</span></p>
    <div class="track" aria-hidden="true">${leg.ring_ms > 0 && html`<i class=${kind} style=${{ left: "0%", width: `${(leg.ring_ms / longest) * 100}%` }}></i>`}</div>
  </li>`;
}

export function Legs({ outcome: { legs, answered_by: answered, result } }) {
  const longest = Math.max(...legs.map(({ ring_ms }) => ring_ms ?? 0), 1);
  const by = answered && (answered.number ?? answered.linked_operation);
  return html`<ol class="legs" data-legs=${legs.length}>${legs.map((leg) => html`<${Leg} key=${leg.leg} leg=${leg} longest=${longest} />`)}</ol>
    <p>${by ? say("answeredBy", by) : `${say("nobody")}: ${say(`ending:${result}`)}`}</p>`;
}
