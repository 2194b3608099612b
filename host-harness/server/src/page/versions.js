// The versions of operations: what is uploaded, what is in force at each step, and what a shadow would have done otherwise.

import { Problem, ask, get } from "./api.js";
import { Confirmed } from "./confirmed.js";
import { useConsole } from "./console.js";
import { Labelled } from "./fields.js";
import { html, useCallback, useEffect, useRef, useState } from "./html.js";
import { lang, counted, local, moment, say } from "./language.js";
import { worded } from "./meaning.js";
import { Shadow } from "./shadow.js";

const short = (digest) => digest.slice(0, 12);
const path = (id) => `/v1/operations/${encodeURIComponent(id)}`;

/** What is wrong, with what does not fit. */
export function Refusal({ error }) {
  if (!error) return null;
  if (!(error instanceof Problem)) return html`<p class="wrong" role="alert">${say("notKnownWhether")}</p>`;
  const findings = error.findings(lang());
  return html`<div class="wrong" role="alert"><p>${error.text(lang())}</p>
    ${findings.length > 0 && html`<ul>${findings.map((finding, at) => html`<li key=${at}>${finding}</li>`)}</ul>`}</div>`;
}

function Upload({ onDone }) {
  const file = useRef(null);
  const [said, setSaid] = useState("");
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const upload = async (event) => {
    event.preventDefault();
    const [chosen] = file.current.files;
    if (!chosen) return;
    setBusy(true);
    setSaid("");
    setError(null);
    try {
      const { digest, description } = await ask("POST", "/v1/components", { bytes: chosen, kind: "application/wasm" });
      setSaid(say("uploaded", local(description.title), short(digest)));
      file.current.value = "";
      onDone();
    } catch (refused) {
      setError(refused);
    }
    setBusy(false);
  };
  return html`<form class="card form" onSubmit=${upload}>
    <h2>${say("upload")}</h2>
    <${Labelled} title=${say("componentFile")} help=${say("uploadHelp")}>${(tied) => html`<input type="file" accept=".wasm,application/wasm" ref=${file} required ...${tied} />`}<//>
    <p class="buttons"><button class="primary" disabled=${busy}>${say(busy ? "uploading" : "upload")}</button> <span role="status">${said}</span></p>
    <${Refusal} error=${error} />
  </form>`;
}

const nameOf = (digest, components) => {
  const found = components.find((one) => one.digest === digest);
  return `${found ? `${local(found.description.title)} ${found.description.operation_version ?? ""} ` : ""}(${short(digest)})`;
};

/** The versions of one step. */
function Step({ operation, at, components, onDone }) {
  const { mayChange, configuration } = useConsole();
  const [inForce, setInForce] = useState(null);
  const [chosen, setChosen] = useState("");
  const [error, setError] = useState(null);
  const load = useCallback(() => get(`${path(operation.id)}/component`).then(setInForce, () => {}), []);
  // Another operation may have taken its identifier, with the same component.
  useEffect(() => { load(); }, [operation.component, configuration?.revision]);
  const act = (method, route, json) => async () => {
    setError(null);
    try {
      await ask(method, `${path(operation.id)}/${route}`, json && { json });
    } catch (refused) {
      setError(refused);
      throw refused;
    } finally {
      // Before the question is closed: which buttons can be pressed decides where the focus goes.
      await load();
      onDone();
    }
  };
  const { history = [], component, configured, before } = inForce ?? {};
  const others = components.filter(({ digest }) => digest !== component);
  return html`<section class="card" aria-labelledby=${`version-${at}`}>
    <h2 id=${`version-${at}`}>${say("stepNumber", at + 1)} ${local(operation.description?.title)} <span class="quiet">${operation.id}</span></h2>
    ${component && html`<p>${say("inForce")}: <strong>${nameOf(component, components)}</strong>${component !== configured && html`<br /><span class="quiet">${say("inPlaceOf", nameOf(configured, components))}</span>`}</p>`}
    ${mayChange && inForce && !others.length && html`<p class="quiet">${say("noOtherVersion")}</p>`}
    ${mayChange && others.length > 0 && html`<${Labelled} title=${say("otherVersion")} help=${say("otherVersionHelp")}>${(tied) => html`<select ...${tied} value=${chosen} onChange=${(event) => setChosen(event.currentTarget.value)}>
        <option value="">${say("chooseVersion")}</option>
        ${others.map(({ digest }) => html`<option key=${digest} value=${digest}>${nameOf(digest, components)}</option>`)}
      </select>`}<//>
      <p class="buttons">
        <button type="button" disabled=${!chosen} onClick=${() => act("PUT", "shadow", { digest: chosen })().catch(() => {})}>${say("beginShadow")}</button>
        <${Confirmed} harmless label=${say("activate")} disabled=${!chosen} question=${chosen && say("activateSure", nameOf(chosen, components), operation.id)} act=${act("PUT", "component", { digest: chosen })} onDone=${() => setChosen("")} />
        <${Confirmed} label=${say("rollBack")} disabled=${!before} question=${before ? say("rollBackSure", nameOf(before, components)) : ""} act=${act("POST", "rollback")} />
      </p>`}
    <${Refusal} error=${error} />
    <${Shadow} operation=${operation.id} onEnd=${act("DELETE", "shadow")} nameOf=${(digest) => nameOf(digest, components)} />
    ${history.length > 0 && html`<h3>${say("history")}</h3><ol class="history">${history.toReversed().map((change) => html`<li key=${change.at}>${moment(change.at)}: ${nameOf(change.from, components)} → ${nameOf(change.digest, components)} · ${change.author ? `${change.author} · ` : ""}${worded("by", change.by)}</li>`)}</ol>`}
  </section>`;
}

export function Versions() {
  const { operations, mayChange, offers, reload } = useConsole();
  const [components, setComponents] = useState(null);
  const here = offers("GET /v1/components");
  const load = useCallback(() => get("/v1/components").then((found) => setComponents(found.components), () => {}), []);
  useEffect(() => { if (here) load(); }, [here]);
  const done = () => { load(); reload(); };
  return html`<h1>${say("view:versions")}</h1>
    ${operations.length > 0 && !here && html`<p class="quiet">${say("notOffered")}</p>`}
    ${components && html`
      ${operations.map((operation, at) => html`<${Step} key=${operation.id} operation=${operation} at=${at} components=${components} onDone=${done} />`)}
      ${mayChange && html`<${Upload} onDone=${done} />`}
      <section class="card" aria-labelledby="components-title"><h2 id="components-title">${say("components")}</h2>
        <ul class="rows">${components.map((one) => html`<li key=${one.digest}>
          <strong>${nameOf(one.digest, components)}</strong>
          <span class="quiet">${one.uploaded_at ? say("uploadedAt", moment(one.uploaded_at)) : say("ofConfiguration")} · ${counted(Math.ceil(one.size / 1_024), say("kibForms"))}</span>
          ${one.active_at.length > 0 && html`<span>${say("activeAt", one.active_at.join(", "))}</span>`}
        </li>`)}</ul>
      </section>`}`;
}
