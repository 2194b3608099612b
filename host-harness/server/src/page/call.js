// One call: where it went and why, what was asked of amoCRM and when, what the PBX saw, and what there is to do about it.

import { Problem, ask, get } from "./api.js";
import { useConsole } from "./console.js";
import { Facts } from "./facts.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { lang, duration, moment, say } from "./language.js";
import { Legs } from "./legs.js";
import { SIGNS, ofCall, reasonText, targetName, where } from "./meaning.js";
import { Timeline } from "./timeline.js";

const NARROW = matchMedia("(max-width: 64rem)");

/** The call with this number, with what its facts are called, again whenever a PBX completes it. */
function useCall(seq) {
  const { connection } = useConsole();
  const [found, setFound] = useState({ call: null, why: null });
  useEffect(() => {
    let over = false;
    const load = () => get(`/v1/calls/${encodeURIComponent(seq)}?by=seq`).then(
      (call) => over || setFound({ call, why: null }),
      (error) => over || setFound((held) => ({ ...held, why: error instanceof Problem && error.missing ? say("callGone") : held.call ? null : say("unreachable") })),
    );
    load();
    const stop = connection.subscribe((name, call) => { if (name === "opened" || `${call?.seq}` === seq) load(); });
    return () => { over = true; stop(); };
  }, [seq]);
  return found;
}

/** Each step that the call left, with why, and the last one. */
function Steps({ call }) {
  const { operations } = useConsole();
  const before = call.steps ?? [];
  const why = (step) => {
    if (step.reason) return reasonText(step.reason);
    const endings = (step.legs ?? []).map(({ number, result }) => `${number}: ${result ? say(`ending:${result}`) : "—"}`).join(", ");
    return [step.employee?.name, endings, say("unanswered")].filter(Boolean).join("; ");
  };
  const title = (at, placement) => say("stepTitle", at, targetName(`operation:${placement}`, operations).replace(/^.*?: /, ""), placement);
  return html`${before.map((step, at) => html`<div key=${at}>
      <h3 class="step">${title(at + 1, step.placement)} → ${targetName(step.target, operations)}</h3>
      <p>${why(step)}</p>
      <${Timeline} details=${step.details} titles=${call.titles} />
    </div>`)}
    ${before.length > 0 && html`<h3 class="step">${title(before.length + 1, call.placement)}</h3>`}
    <${Timeline} details=${call.details} titles=${call.titles} />`;
}

/** What the call came to, in the words of the help page. */
function Verdict({ call }) {
  const { operations, employees } = useConsole();
  const meaning = ofCall(call);
  const forwarded = call.route.kind === "forward";
  const manager = call.details.deputy_for;
  const managerName = employees.find(({ integration, id }) => integration === call.integration && id === manager)?.name || manager;
  const status = call.reason && (lang() === "ru" ? call.reason.status : call.reason.status_en);
  return html`<div id="verdict" data-meaning=${meaning}>
    <p><span class="sign" aria-hidden="true">${SIGNS[meaning]}</span> <strong>${forwarded ? say(manager ? "toDeputy" : "meaning:forwarded") : status || say("linked")}</strong>${call.reason && html`: ${reasonText(call.reason)}`}</p>
    <p>${say(forwarded ? "toEmployee" : "goesTo")} ${where(call, operations)}${manager ? ` ${say("insteadOf", managerName)}` : ""}${forwarded && call.route.then ? html`<span class="quiet">, ${say("thenTo", targetName(call.route.then, operations))}</span>` : ""}</p>
  </div>`;
}

/** Forgets which manager is kept of this caller. */
function Forget({ call }) {
  const { mayChange, offers } = useConsole();
  const [said, setSaid] = useState(null);
  if (!mayChange || !call.call.caller || !offers("POST /v1/calls/{}/forget-manager")) return null;
  const forget = async () => {
    try {
      await ask("POST", `/v1/calls/${call.seq}/forget-manager`);
      setSaid({ text: say("forgotten") });
    } catch (error) {
      setSaid({ wrong: true, text: error instanceof Problem ? error.text(lang()) : say("notKnownWhether") });
    }
  };
  return html`<p><button id="forget" type="button" onClick=${forget}>${say("forget")}</button> <span role="status" class=${said?.wrong ? "wrong" : ""}>${said?.text ?? ""}</span></p>`;
}

/** The call beside the list; on a narrow screen over it, as a dialogue. */
export function Call({ seq, listed, onClose }) {
  const { call: whole, why } = useCall(seq);
  const title = useRef(null);
  const panel = useRef(null);
  const [narrow, setNarrow] = useState(NARROW.matches);
  useEffect(() => {
    const changed = () => setNarrow(NARROW.matches);
    NARROW.addEventListener("change", changed);
    return () => NARROW.removeEventListener("change", changed);
  }, []);
  useEffect(() => { title.current?.focus({ preventScroll: !narrow }); }, [seq]);
  useEffect(() => {
    const pressed = (event) => { if (event.key === "Escape" && !event.defaultPrevented) onClose(); };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  });
  // What the dialogue covers is out of reach meanwhile.
  useEffect(() => {
    const covered = [...document.querySelectorAll("header, #alerts, main > h1, main .all")];
    covered.forEach((one) => { one.inert = narrow; });
    document.body.classList.toggle("covered", narrow);
    return () => { covered.forEach((one) => { one.inert = false; }); document.body.classList.remove("covered"); };
  }, [narrow]);
  const call = whole ?? listed;
  const shown = call && !call.unreadable;
  return html`<section id="call" ref=${panel} aria-labelledby="call-title" role=${narrow ? "dialog" : null} aria-modal=${narrow ? "true" : null}>
    <div class="head">
      <h2 id="call-title" tabindex="-1" ref=${title}>${say("calling")} ${seq}${shown ? html`: <span>${call.call.caller ?? say("withheld")} → ${call.call.called}</span>` : ""}</h2>
      <button id="close" type="button" onClick=${onClose}>${say("close")}</button>
    </div>
    ${why && html`<p role="alert" class="wrong">${why}</p>`}
    ${call?.unreadable && html`<p>${say("unreadable")}</p>`}
    ${shown && html`
      <p class="quiet">${moment(call.call.at)} · ${say("waitedFor", duration(call.details.waited_ms))}</p>
      <${Verdict} call=${call} />
      <div id="timeline"><h3>${say("asked")}</h3><${Steps} call=${call} /></div>
      ${call.outcome && html`<div id="outcome"><h3>${say("saw")}</h3><${Legs} outcome=${call.outcome} /></div>`}
      <${Facts} call=${call} />
      ${call.details.notes?.length > 0 && html`<h3>${say("notes")}</h3><ul id="notes">${call.details.notes.map((note, at) => html`<li key=${at}>${note[`text_${lang()}`]}</li>`)}</ul>`}
      <${Forget} call=${call} />`}
  </section>`;
}
