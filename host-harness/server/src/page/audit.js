// What would keep calls from their managers: an audit of the account, with its progress and its findings. It goes on when the page is left.

import { Problem, ask, get } from "./api.js";
import { useConsole } from "./console.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { lang, known, moment, say } from "./language.js";

const EVERY = 1_000;
/** How many contacts are listed one by one; the others are counted. */
const MOST = 100;

/** A finding in words. */
function inWords(finding) {
  const key = `finding:${finding.why ?? finding.kind}`;
  return known(key) ? say(key, finding) : say("findingUnknown");
}

function Findings({ audit }) {
  const contacts = audit.findings.filter(({ why }) => why);
  const shown = [...audit.findings.filter(({ why }) => !why), ...contacts.slice(0, MOST)];
  const rest = audit.findings.length - shown.length;
  return html`<p class="quiet">${say("auditChecked", audit)}</p>
    ${shown.length ? html`<ul>${shown.map((finding, at) => html`<li key=${at}>${inWords(finding)}</li>`)}${rest > 0 && html`<li>${say("auditRest", rest)}</li>`}</ul>` : html`<p>${say("auditClean")}</p>`}`;
}

export function Audit({ integration }) {
  const { mayChange } = useConsole();
  const [audit, setAudit] = useState(null);
  const [why, setWhy] = useState("");
  const over = useRef(false);
  const path = `/v1/integrations/${encodeURIComponent(integration)}/audits`;
  const follow = async (begun) => {
    for (let now = begun; now && !over.current; now = await get(`${path}/${now.id}`)) {
      setAudit(now);
      if (now.state !== "running") return;
      await new Promise((resolve) => setTimeout(resolve, EVERY));
    }
  };
  const failed = (error) => { if (!over.current) setWhy(error instanceof Problem ? error.text(lang()) : say("unreachable")); };
  useEffect(() => {
    over.current = false;
    get(path).then(({ audits }) => follow(audits[0])).catch(failed);
    return () => { over.current = true; };
  }, []);
  const begin = () => {
    setWhy("");
    ask("POST", path).then(follow).catch(failed);
  };
  const { state, progress } = audit ?? {};
  return html`<h3>${say("audit")}</h3>
    <p class="quiet">${say("auditHelp")}</p>
    ${mayChange && html`<p class="buttons"><button type="button" disabled=${state === "running"} onClick=${begin}>${say("auditBegin")}</button></p>`}
    <div role="status" data-audit=${state}>
      ${state === "running" && html`<p>${say("auditRuns", progress)} <progress aria-label=${say("audit")}></progress></p>`}
      ${state && state !== "running" && html`<p class="quiet">${say("auditOf", moment(audit.ended_at))}</p>`}
      ${state === "failed" && html`<p class="wrong">${say("auditFailed")} ${lang() === "ru" ? audit.detail_ru : audit.detail}</p>`}
      ${state === "done" && html`<${Findings} audit=${audit} />`}
    </div>
    ${why && html`<p class="wrong" role="alert">${why}</p>`}`;
}
