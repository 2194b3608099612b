// What would keep calls from their managers: an audit of the account, with its progress and its findings.

import { Problem, ask, get } from "./api.js";
import { useConsole } from "./console.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { lang, known, say } from "./language.js";

const EVERY = 1_000;

/** A finding in words; what the page has no words for is shown as the server says it. */
function inWords(finding) {
  const key = `finding:${finding.why ?? finding.kind}`;
  return known(key) ? say(key, finding) : finding.text?.[lang()] ?? JSON.stringify(finding);
}

export function Audit({ integration }) {
  const { mayChange } = useConsole();
  const [audit, setAudit] = useState(null);
  const [why, setWhy] = useState("");
  const over = useRef(false);
  useEffect(() => () => { over.current = true; }, []);
  const path = `/v1/integrations/${encodeURIComponent(integration)}/audits`;
  const begin = async () => {
    setWhy("");
    try {
      let now = await ask("POST", path);
      while (!over.current) {
        setAudit(now);
        if (now.state !== "running") return;
        await new Promise((resolve) => setTimeout(resolve, EVERY));
        now = await get(`${path}/${now.id}`);
      }
    } catch (error) {
      setAudit(null);
      setWhy(error instanceof Problem ? error.text(lang()) : say("unreachable"));
    }
  };
  const running = audit?.state === "running";
  const { progress, findings = [] } = audit ?? {};
  return html`<h3>${say("audit")}</h3>
    <p class="quiet">${say("auditHelp")}</p>
    ${mayChange && html`<p class="buttons"><button type="button" disabled=${running} onClick=${begin}>${say("auditBegin")}</button></p>`}
    <div role="status" data-audit=${audit?.state}>
      ${running && html`<p>${say("auditRuns", progress?.done ?? 0, progress?.of ?? "…")} <progress aria-label=${say("audit")} value=${progress?.done ?? 0} max=${progress?.of ?? 1}></progress></p>`}
      ${audit?.state === "failed" && html`<p class="wrong">${say("auditFailed")}</p>`}
      ${audit?.state === "done" && (findings.length ? html`<ul>${findings.map((finding, at) => html`<li key=${at}>${inWords(finding)}</li>`)}</ul>` : html`<p>${say("auditClean")}</p>`)}
    </div>
    ${why && html`<p class="wrong" role="alert">${why}</p>`}`;
}
