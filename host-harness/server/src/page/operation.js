// The form of an operation of the scenario: its linked operation, its other exits, and the settings that it describes.

import { go, link } from "./address.js";
import { ReadOnly, notWorking } from "./allowed.js";
import { Problem, ask, get } from "./api.js";
import { useConsole } from "./console.js";
import { Confirmed } from "./confirmed.js";
import { Saving, flat, nested, revisionNow, useEditing } from "./editing.js";
import { Field, Labelled, TextField, fault, inWords, listed } from "./fields.js";
import { html, useEffect, useState } from "./html.js";
import { lang, local, say } from "./language.js";
import { MEANINGS, exitName, reasonsOf } from "./meaning.js";
import { TargetField } from "./target.js";

const CLASSES = ["caller", "empty-answer", "no-answer", "technical-failure", "absent", "integration-off", "configuration", "exit"];

/** The built-in operation that asks nothing of the account, so that it works whether or not the integration does. */
const WORKING_HOURS = "working-hours";

const path = (id) => `/v1/operations/${encodeURIComponent(id)}`;

async function read(id, configuration) {
  const revision = await revisionNow(configuration);
  const { linked_operation, exits, settings } = await get(path(id), { raw: true });
  return { revision, values: { "/linked_operation": linked_operation, ...flat("/exits", exits), ...flat("/settings", settings) } };
}

/** The exits that there may be, by code and class, but for those that are there. */
function ExitChoices({ reasons, taken, onChoose }) {
  const free = ["not-answered", ...CLASSES.filter((name) => reasons.some((reason) => reason.class === name))].filter((key) => !taken.includes(key));
  const codes = MEANINGS.flatMap((meaning) => reasons.filter((reason) => reason.meaning === meaning && !taken.includes(reason.code)));
  const choose = (event) => { if (event.currentTarget.value) onChoose(event.currentTarget.value); event.currentTarget.value = ""; };
  return html`<${Labelled} title=${say("addExit")} help=${say("addExitHelp")}>${(tied) => html`<select ...${tied} onChange=${choose}>
    <option value="">${say("chooseExit")}</option>
    <optgroup label=${say("exitGroups")}>${free.map((key) => html`<option key=${key} value=${key}>${exitName(key, reasons)}</option>`)}</optgroup>
    <optgroup label=${say("exitReasons")}>${codes.map(({ code, text }) => html`<option key=${code} value=${code}>${text}</option>`)}</optgroup>
  </select>`}<//>`;
}

function Exits({ editing, reasons, self, disabled }) {
  const { held, edits } = editing;
  const pointers = [...new Set([...Object.keys(held.values), ...Object.keys(edits)])].filter((pointer) => pointer.startsWith("/exits/"));
  const shown = pointers.filter((pointer) => editing.value(pointer) !== null);
  const keys = shown.map((pointer) => pointer.slice("/exits/".length));
  return html`<fieldset disabled=${disabled}><legend>${say("exits")}</legend>
    ${shown.map((pointer, at) => html`<div class="exit" key=${pointer}>
      <${TargetField} title=${exitName(keys[at], reasons)} value=${editing.value(pointer)} self=${self} onChange=${(target) => editing.change(pointer, target)}
        wrong=${editing.wrong(pointer) ?? (editing.value(pointer) === "" ? say("required") : null)} />
      <button type="button" aria-label=${say("removeExit", exitName(keys[at], reasons))} onClick=${() => editing.change(pointer, null)}>${say("remove")}</button>
    </div>`)}
    ${!disabled && html`<${ExitChoices} reasons=${reasons} taken=${keys} onChoose=${(key) => editing.change(`/exits/${key}`, "")} />`}
  </fieldset>`;
}

export function Operation({ operation }) {
  const console = useConsole();
  const { id, description } = operation;
  const disabled = !console.mayChange || !console.configuration?.writable;
  const write = (edits, _values, revision) => ask("PATCH", path(id), { json: nested(listed(edits, "/settings", description?.settings ?? [])), revision });
  const editing = useEditing(path(id), () => read(id, console.configuration), write, console.reload);
  const reasons = reasonsOf([operation]);
  const settings = description?.settings ?? [];
  const named = (pointer) => {
    const [, kind, key] = pointer.split("/");
    if (kind === "exits") return exitName(key, reasons);
    return kind === "linked_operation" ? say("linked") : local(settings.find((setting) => setting.key === key)?.title) || key;
  };
  const why = notWorking(operation.integration, console);
  const { held, value, change, wrong } = editing;
  const pointers = held ? [...Object.keys(held.values), ...Object.keys(editing.edits)].filter((pointer) => pointer.startsWith("/exits/") || pointer === "/linked_operation") : [];
  const words = (pointer, shown) => {
    const setting = settings.find(({ key }) => pointer === `/settings/${key}`);
    return setting && inWords(setting, shown);
  };
  const faults = settings.filter((setting) => fault(setting, value(`/settings/${setting.key}`))).length + pointers.filter((pointer) => value(pointer) === "").length;
  return html`<h1>${local(description?.title) || id} <span class="quiet">${id}</span></h1>
    <p><a href=${link("scenario")}>← ${say("view:scenario")}</a></p>
    ${why && html`<p class="wrong">${why}</p>`}
    ${held ? html`<form class="card form" onSubmit=${(event) => { event.preventDefault(); if (!faults && editing.dirty) editing.save(); }}>
      <${TargetField} title=${say("linked")} help=${say("linkedHelp")} value=${value("/linked_operation")} self=${id} disabled=${disabled}
        onChange=${(target) => change("/linked_operation", target)} wrong=${wrong("/linked_operation") ?? (value("/linked_operation") === "" ? say("required") : null)} />
      <fieldset><legend>${say("settings")}</legend>
        ${settings.map((setting) => html`<${Field} key=${setting.key} description=${setting} value=${value(`/settings/${setting.key}`)} disabled=${disabled}
          onChange=${(next) => change(`/settings/${setting.key}`, next)} wrong=${wrong(`/settings/${setting.key}`)} />`)}
      </fieldset>
      <${Exits} editing=${editing} reasons=${reasons} self=${id} disabled=${disabled} />
      <${Saving} editing=${editing} title=${named} words=${words} faults=${faults} mayChange=${!disabled}>
        ${console.offers("DELETE /v1/operations/{}") && html`<${Confirmed} label=${say("deleteStep")} question=${say("deleteStepSure", id)} act=${() => remove(id, console.configuration)} onDone=${() => { console.reload(); go(link("scenario")); }} />`}
      <//>
    </form>` : editing.saving.state === "unreadable" && html`<p class="wrong">${say("saving:unreadable")}</p>`}
    <${ReadOnly} />`;
}

const remove = async (id, configuration) => ask("DELETE", path(id), { revision: await revisionNow(configuration) });

/** A new step: which operation, for which integration, and where its calls go that are not forwarded. It is offered only while its integration works. */
export function NewOperation() {
  const console = useConsole();
  const { connection, operations, offers, reload } = console;
  const [components, setComponents] = useState([]);
  const [made, setMade] = useState({ id: "", component: "", integration: "", linked_operation: "" });
  const [problem, setProblem] = useState(null);
  useEffect(() => { if (offers("GET /v1/components")) get("/v1/components").then((found) => setComponents(found.components), () => {}); }, []);
  const integrations = connection.state?.integrations ?? [];
  const set = (key) => (value) => { setProblem(null); setMade((before) => ({ ...before, [key]: value })); };
  const integration = made.integration || integrations[0]?.id;
  const why = made.component !== WORKING_HOURS && integration && notWorking(integration, console);
  const wrong = (key) => (problem?.document?.field === `/${key}` ? problem.text(lang()) : null);
  const taken = operations.some(({ id }) => id === made.id);
  const badId = made.id && !/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(made.id) ? say("badId") : taken ? say("takenId") : null;
  const add = async (event) => {
    event.preventDefault();
    try {
      const { id, linked_operation, component } = made;
      await ask("POST", "/v1/operations", { json: { id, linked_operation, integration, ...(component && { component }) }, revision: await revisionNow(console.configuration) });
      await reload();
      go(link("scenario", id), { replace: true });
    } catch (error) {
      setProblem(error instanceof Problem ? error : { document: {}, text: () => say("notKnownWhether") });
    }
  };
  return html`<h1>${say("addStep")}</h1>
    <p><a href=${link("scenario")}>← ${say("view:scenario")}</a></p>
    <form class="card form" onSubmit=${add}>
      <${Labelled} title=${say("operation")} help=${say("operationHelp")}>${(tied) => html`<select ...${tied} value=${made.component} onChange=${(event) => set("component")(event.currentTarget.value)}>
        <option value="">${say("builtIn")}</option>
        <option value=${WORKING_HOURS}>${say("workingHours")}</option>
        ${components.filter(({ uploaded_at: at }) => at).map(({ digest, description }) => html`<option key=${digest} value=${digest}>${local(description?.title)} (${digest.slice(0, 12)})</option>`)}
      </select>`}<//>
      ${integrations.length > 1 && html`<${Labelled} title=${say("integration")}>${(tied) => html`<select ...${tied} value=${integration} onChange=${(event) => set("integration")(event.currentTarget.value)}>
        ${integrations.map(({ id }) => html`<option key=${id} value=${id}>${id}</option>`)}
      </select>`}<//>`}
      ${why && html`<p class="wrong" role="alert">${say("notOffered2", why)}</p>`}
      <${TextField} title=${say("stepId")} help=${say("stepIdHelp")} value=${made.id} onChange=${set("id")} wrong=${wrong("id") ?? badId} required autocomplete="off" />
      <${TargetField} title=${say("linked")} help=${say("linkedHelp")} value=${made.linked_operation} onChange=${set("linked_operation")} wrong=${wrong("linked_operation")} />
      <p class="buttons"><button class="primary" disabled=${Boolean(why) || !made.id || !made.linked_operation || Boolean(badId)}>${say("add")}</button></p>
      ${problem && html`<p class="wrong" role="alert">${problem.text(lang())}</p>`}
    </form>`;
}
