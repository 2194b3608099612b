// What was asked of amoCRM, each request in its time. The scale is the call's own, so that a call of 20 ms is as legible as one of 2 s; every text
// stands beside its bar, never on it.

import { html } from "./html.js";
import { duration, local, say } from "./language.js";
import { worded } from "./meaning.js";

/** From this share of the waiting time on, the scale goes to its end. */
const NEAR = 0.5;
/** A shorter wait for a turn is not worth a word. */
const WORTH_SAYING = 5;

/** The end of the scale, in milliseconds: a round number that everything fits below, or the waiting time itself. */
export function scale(end, whole) {
  if (end >= whole * NEAR) return Math.max(whole, end, 1);
  const size = 10 ** Math.floor(Math.log10(Math.max(end, 1)));
  return [1, 2, 5, 10].map((times) => times * size).find((round) => round >= end);
}

/** What is to be said of a request besides its time. */
function remark(seen, turn) {
  if (seen.shared) return say("shared");
  if (seen.refused) return say(`notSent:${seen.refused}`);
  if (seen.repeated) return say("repeated");
  return turn > WORTH_SAYING ? say("turn", duration(turn)) : "";
}

function Request({ request, purposes, seen, share, marks }) {
  const turn = Math.min(seen.turn_ms ?? 0, request.ms);
  const bar = (name, from, time) => html`<i class=${name} style=${{ left: share(from), width: share(time) }}></i>`;
  const ok = request.outcome === "ok";
  const result = [request.status && `HTTP ${request.status}`, ok ? null : worded("outcome", request.outcome), duration(request.ms), remark(seen, turn)];
  return html`<li>
    <p><span>${local(purposes[request.purpose]) || request.purpose}</span> <span class=${ok ? "quiet" : "wrong"}>${result.filter(Boolean).join(" · ")}</span></p>
    <div class="track" aria-hidden="true">
      ${turn > 0 && bar("turn", request.at_ms, turn)}
      ${bar(ok ? "request" : "problem", request.at_ms + turn, Math.max(request.ms - turn, 0))}
      ${marks}
    </div>
  </li>`;
}

/** One step: its requests, when it answered, and how long it might have waited. */
export function Timeline({ details, titles }) {
  const { requests = [], exchanges = [], waiting_time_ms: whole = 0, waited_ms: waited = 0, manager_source: source } = details;
  const end = scale(Math.max(waited, ...requests.map(({ at_ms, ms }) => at_ms + ms)), whole);
  const share = (time) => `${Math.min((time / end) * 100, 100)}%`;
  const marks = html`<i class="answer" style=${{ left: share(waited) }}></i>${end >= whole && html`<i class="limit" style=${{ left: share(whole) }}></i>`}`;
  return html`<div class="timeline" data-requests=${requests.length} data-scale=${end}>
    ${requests.length > 0 && html`<p class="axis quiet" aria-hidden="true">${[0, end / 2, end].map((at) => html`<span key=${at}>${duration(at)}</span>`)}</p>
      <ol>${requests.map((request, at) => html`<${Request} key=${at} request=${request} purposes=${titles?.requests?.values ?? {}} seen=${exchanges.length === requests.length ? exchanges[at] : {}} share=${share} marks=${marks} />`)}</ol>`}
    <p class="sum"><span>${requests.length ? "" : say(source === "cache" ? "fromCache" : "noRequests")}</span><span class="answered">${say("answer")}: ${duration(waited)}</span> <span class="limited">${say("waitingTime")}: ${duration(whole)}</span></p>
  </div>`;
}
