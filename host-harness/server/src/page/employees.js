// The employees: who each is in amoCRM, and which numbers ring, in which order and for how long.

import { go, link } from "./address.js";
import { ReadOnly } from "./allowed.js";
import { ask, get } from "./api.js";
import { Confirmed } from "./confirmed.js";
import { useConsole } from "./console.js";
import { Saving, nested, revisionNow, useEditing } from "./editing.js";
import { CheckField, Labelled, TextField, lengthOfTime, milliseconds } from "./fields.js";
import { html } from "./html.js";
import { duration, say } from "./language.js";
import { NewEmployee } from "./new-employee.js";

const list = (integration) => `/v1/integrations/${encodeURIComponent(integration)}/employees`;
const path = ({ integration, id }) => `${list(integration)}/${encodeURIComponent(id)}`;

/** The least and the longest that a number rings, and how long it does unless set, in milliseconds. */
const RING = { least: 5_000, longest: 120_000, usual: 20_000 };

async function read(employee, configuration) {
  const revision = await revisionNow(configuration);
  const found = (await get(list(employee.integration), { raw: true })).employees.find(({ id }) => id === employee.id);
  const { name, amocrm_user, enabled, numbers, ring, deputy } = found ?? {};
  return { revision, values: { "/name": name, "/amocrm_user": amocrm_user, "/enabled": enabled, "/numbers": numbers ?? [], "/ring": ring ?? RINGS[0], "/deputy": deputy ?? null } };
}

/** What is wrong with a number's ring time. */
function ringFault(time) {
  if (!time) return null;
  const length = milliseconds(time);
  if (length === null) return say("seconds");
  return length < RING.least || length > RING.longest ? say("between", duration(RING.least), duration(RING.longest)) : null;
}

function Numbers({ numbers, onChange, wrong, disabled }) {
  const set = (at, change) => onChange(numbers.map((one, place) => (place === at ? { ...one, ...change } : one)));
  const move = (at) => onChange(numbers.with(at - 1, numbers[at]).with(at, numbers[at - 1]));
  const ring = (at, typed) => {
    const seconds = Number(typed.replace(",", "."));
    set(at, { ring_time: typed.trim() === "" ? undefined : Number.isFinite(seconds) ? lengthOfTime(Math.round(seconds * 1_000)) : typed });
  };
  const typedRing = (time) => (time && milliseconds(time) !== null ? `${milliseconds(time) / 1_000}` : time ?? "");
  return html`<fieldset class="numbers" disabled=${disabled}><legend>${say("numbers")}</legend>
    <p class="quiet">${say("numbersHelp")}</p>
    ${numbers.map(({ number, ring_time: time }, at) => html`<div class="number" key=${at}>
      <${TextField} title=${say("numberAt", at + 1)} value=${number} inputmode="tel" wrong=${wrong(`/numbers/${at}/number`) ?? (number.trim() ? null : say("required"))} onChange=${(next) => set(at, { number: next.trim() })} />
      <${TextField} title=${say("ringTime")} help=${say("byDefault", duration(RING.usual))} value=${typedRing(time)} inputmode="decimal" wrong=${wrong(`/numbers/${at}/ring_time`) ?? ringFault(time)} onChange=${(next) => ring(at, next)} />
      <p class="buttons">${at > 0 && html`<button type="button" aria-label=${say("moveUp", number)} onClick=${() => move(at)}>↑</button>`}
        <button type="button" aria-label=${say("removeNumber", number)} onClick=${() => onChange(numbers.filter((_, place) => place !== at))}>${say("remove")}</button></p>
    </div>`)}
    ${!disabled && html`<button type="button" onClick=${() => onChange([...numbers, { number: "" }])}>${say("addNumber")}</button>`}
  </fieldset>`;
}

const TITLES = { "/name": "name", "/amocrm_user": "amocrmUser", "/enabled": "isEnabled", "/numbers": "numbers", "/ring": "ring", "/deputy": "deputy" };

/** How the numbers of an employee may ring; the first is so unless set. */
const RINGS = ["in-turn", "together"];

/** Whether the numbers ring one after another or all at once. */
const Rings = ({ value, onChange, wrong, disabled }) => html`<${Labelled} title=${say("ring")} help=${say("ringHelp")} wrong=${wrong}>${(tied) => html`<select ...${tied} name="ring" disabled=${disabled} value=${value ?? RINGS[0]} onChange=${(event) => onChange(event.currentTarget.value)}>
  ${RINGS.map((one) => html`<option key=${one} value=${one}>${say(`ring:${one}`)}</option>`)}
</select>`}<//>`;

const nameOf = ({ id, name }) => name || id;

/** The other employees of the same integration, of whom one may stand in. */
function Deputy({ employee, value, onChange, wrong, disabled }) {
  const { employees } = useConsole();
  const others = employees.filter(({ integration, id }) => integration === employee.integration && id !== employee.id);
  return html`<${Labelled} title=${say("deputy")} help=${say("deputyHelp")} wrong=${wrong}>${(tied) => html`<select ...${tied} name="deputy" disabled=${disabled} value=${value ?? ""} onChange=${(event) => onChange(event.currentTarget.value || null)}>
    <option value="">${say("noDeputy")}</option>
    ${others.map((one) => html`<option key=${one.id} value=${one.id}>${nameOf(one)}</option>`)}
  </select>`}<//>`;
}

/** What is wrong with an employee's values, as far as it can be told while they are typed. */
function faultsOf(value) {
  const numbers = value("/numbers") ?? [];
  return [!/^\d+$/.test(`${value("/amocrm_user") ?? ""}`), ...numbers.flatMap(({ number, ring_time: time }) => [!number.trim(), ringFault(time) !== null])].filter(Boolean).length;
}

function Employee({ employee }) {
  const console = useConsole();
  const disabled = !console.mayChange || !console.configuration?.writable;
  const write = (edits, values, revision) => ask("PUT", path(employee), { json: nested({ ...values, ...edits }), revision });
  const editing = useEditing(path(employee), () => read(employee, console.configuration), write, console.reload);
  const { held, value, change, wrong } = editing;
  const remove = async () => ask("DELETE", path(employee), { revision: await revisionNow(console.configuration) });
  const user = value("/amocrm_user");
  const words = (pointer, shown) => {
    if (pointer === "/enabled") return say(shown === false ? "no" : "yes");
    if (pointer === "/numbers") return telephones({ numbers: shown ?? [] }) || say("noNumbers");
    if (pointer === "/ring") return say(`ring:${shown ?? RINGS[0]}`);
    if (pointer === "/deputy") return shown ? nameOf(console.employees.find(({ integration, id }) => integration === employee.integration && id === shown) ?? { id: shown }) : say("noDeputy");
    return null;
  };
  return html`<h1>${employee.name || employee.id} <span class="quiet">${employee.id}</span></h1>
    <p><a href=${link("employees")}>← ${say("view:employees")}</a></p>
    ${held ? html`<form class="card form" onSubmit=${(event) => { event.preventDefault(); if (!faultsOf(value) && editing.dirty) editing.save(); }}>
      <${TextField} title=${say("name")} value=${value("/name")} disabled=${disabled} wrong=${wrong("/name")} onChange=${(next) => change("/name", next.trim() ? next : null)} />
      <${TextField} title=${say("amocrmUser")} help=${say("amocrmUserHelp")} value=${user} disabled=${disabled} inputmode="numeric"
        wrong=${wrong("/amocrm_user") ?? (/^\d+$/.test(`${user ?? ""}`) ? null : say("wholeNumber"))} onChange=${(next) => change("/amocrm_user", /^\d+$/.test(next) ? Number(next) : next)} />
      <${CheckField} title=${say("isEnabled")} help=${say("isEnabledHelp")} value=${value("/enabled") !== false} disabled=${disabled} wrong=${wrong("/enabled")} onChange=${(next) => change("/enabled", next)} />
      <${Numbers} numbers=${value("/numbers") ?? []} disabled=${disabled} wrong=${wrong} onChange=${(next) => change("/numbers", next)} />
      <${Rings} value=${value("/ring")} disabled=${disabled} wrong=${wrong("/ring")} onChange=${(next) => change("/ring", next)} />
      <${Deputy} employee=${employee} value=${value("/deputy")} disabled=${disabled} wrong=${wrong("/deputy")} onChange=${(next) => change("/deputy", next)} />
      <${Saving} editing=${editing} title=${(pointer) => say(TITLES[pointer] ?? pointer)} words=${words} faults=${faultsOf(value)} mayChange=${!disabled}>
        <${Confirmed} label=${say("deleteEmployee")} question=${say("deleteEmployeeSure", employee.name || employee.id)} act=${remove} onDone=${() => { console.reload(); go(link("employees")); }} />
      <//>
    </form>` : editing.saving.state === "unreadable" && html`<p class="wrong">${say("saving:unreadable")}</p>`}
    <${ReadOnly} />`;
}

/** The telephones of an employee in words. */
const telephones = ({ numbers = [] }) => numbers.map(({ number, ring_time: time }) => `${number} (${duration(milliseconds(time ?? "") ?? RING.usual)})`).join(", ");

export function Employees({ address }) {
  const { employees, integrations, configuration, mayChange } = useConsole();
  if (!integrations) return html`<h1>${say("view:employees")}</h1><p class="quiet">${say("notOffered")}</p>`;
  if (address.query.get("new")) return html`<${NewEmployee} list=${list} />`;
  const [integration, id] = (address.id ?? "").split(":");
  const open = employees.find((one) => one.integration === integration && one.id === id);
  if (open) return html`<${Employee} key=${address.id} employee=${open} />`;
  return html`<h1>${say("view:employees")}</h1>
    <p class="quiet">${say("employeesHelp")}</p>
    ${employees.length === 0 && html`<p>${say("noEmployees")}</p>`}
    <ul class="rows">${employees.map((one) => html`<li key=${`${one.integration}:${one.id}`} class="card">
      <a href=${link("employees", `${one.integration}:${one.id}`)}>${one.name || one.id}</a>
      <span class="quiet">${say("amocrmUserOf", one.amocrm_user)}${integrations.length > 1 ? ` · ${one.integration}` : ""}</span>
      <span>${telephones(one) || html`<span class="wrong">${say("noNumbers")}</span>`}</span>
      ${one.enabled === false && html`<strong>${say("switchedOffEmployee")}</strong>`}
      ${one.deputy && html`<span class="quiet">${say("deputyNamed", nameOf(employees.find(({ integration, id }) => integration === one.integration && id === one.deputy) ?? { id: one.deputy }))}</span>`}
      <a href=${link("calls", null, { employee: one.id })}>${say("theirCalls")}</a>
    </li>`)}</ul>
    ${mayChange && configuration?.writable && html`<p><a class="button" id="add" href=${link("employees", null, { new: 1 })}>${say("addEmployee")}</a></p>`}
    <${ReadOnly} />`;
}
