// The integration with amoCRM: on or off, how its access stands and what to do about it, what operations read of it, and what an audit finds.

import { actionOf, warningsOf } from "./alerts.js";
import { link } from "./address.js";
import { ReadOnly } from "./allowed.js";
import { ask, get } from "./api.js";
import { Audit } from "./audit.js";
import { Connecting } from "./connecting.js";
import { useConsole } from "./console.js";
import { Saving, flat, nested, revisionNow, useEditing } from "./editing.js";
import { CheckField, Field, TextField, fault, inWords, listed } from "./fields.js";
import { html } from "./html.js";
import { counted, local, recent, say, sentence } from "./language.js";
import { reasonText } from "./meaning.js";

const path = (id) => `/v1/integrations/${encodeURIComponent(id)}`;

/** States of an access with which calls are resolved. */
const WORKING = ["connected", "not-asked", "unclear"];

/** Keys that the host gives operations itself: they are not set, but follow from the integration. */
const OF_HOST = ["enabled", "amocrm_base_url", "amocrm_access_token", "kv_bucket", "cache_key_secret"];

async function read(id, configuration) {
  const revision = await revisionNow(configuration);
  const one = (await get("/v1/integrations", { raw: true })).integrations.find((other) => other.id === id);
  return { revision, values: { "/enabled": one.enabled, "/time_zone": one.time_zone, ...flat("/configuration", one.configuration) } };
}

/** How the access stands, red where amoCRM refuses it. */
function Access({ one, access }) {
  const { connection } = useConsole();
  const newest = connection.newest.get(one.id);
  const state = access?.state ?? "not-asked";
  const wrong = one.enabled && (!WORKING.includes(state) || !one.on || newest?.reason);
  const text = !one.enabled ? say("integrationSwitchedOff", one.id) : newest?.reason ? `${reasonText(newest.reason)} (${recent(newest.at)})` : say(`access:${state}`);
  const { circuit, budget, presence } = one;
  return html`<div class=${wrong ? "standing bad" : one.enabled ? "standing" : "standing off"} role="status" data-access=${newest?.reason ? "refused" : state} data-circuit=${circuit?.state}>
    <p><strong>${sentence(text)}</strong></p>
    ${one.enabled && actionOf(access) && html`<p>${sentence(actionOf(access))}</p>`}
    ${warningsOf(access).map((warning) => html`<p key=${warning}>${sentence(warning)}</p>`)}
    ${one.account && html`<p>${say("account")}: <a href=${one.account} target="_blank" rel="noreferrer">${one.account}</a></p>`}
    ${one.enabled && circuit && html`<p class="quiet">${say(circuit.state === "closed" ? "requestsGo" : `circuit:${circuit.cause}`)}${circuit.until ? `. ${say("stoppedUntil", recent(circuit.until))}` : ""}</p>`}
    ${one.enabled && presence && html`<p class="quiet" data-feed=${presence.state}>${say(`feed:${presence.state}`, presence.last && recent(presence.last))}</p>`}
    ${budget && html`<p class="quiet">${say("budget", budget.requests_per_second, budget.waiting)}</p>`}
  </div>`;
}

/** The archive of the widget. It asks the server at the address of this page, which has to be https. */
function Widget({ one }) {
  const { mayChange, offers } = useConsole();
  if (!mayChange || one.access !== "oauth" || !offers("GET /v1/integrations/{}/widget.zip")) return null;
  if (location.protocol !== "https:") return html`<p class="quiet">${say("widgetNeedsHttps")}</p>`;
  const address = `${path(one.id)}/widget.zip?server=${encodeURIComponent(location.origin)}`;
  return html`<p><a href=${address} download="widget.zip">${say("widget")}</a> <span class="quiet">${say("widgetHelp")}</span></p>`;
}

/** Everything that can be set here. */
function Settings({ one }) {
  const { mayChange, configuration, reload } = useConsole();
  const disabled = !mayChange || !configuration?.writable;
  const write = (edits, _values, revision) => ask("PATCH", path(one.id), { json: nested(listed(edits, "/configuration", one.keys ?? [])), revision });
  const editing = useEditing(path(one.id), () => read(one.id, configuration), write, reload);
  const { held, value, change, wrong } = editing;
  const keys = (one.keys ?? []).filter(({ key }) => !OF_HOST.includes(key));
  const faults = keys.filter((key) => fault(key, value(`/configuration/${key.key}`))).length;
  const named = (pointer) => {
    const key = pointer.split("/").at(-1);
    return pointer === "/enabled" ? say("integrationOn") : pointer === "/time_zone" ? say("timeZone") : local(keys.find((one) => one.key === key)?.title) || key;
  };
  const words = (pointer, shown) => {
    if (pointer === "/enabled") return say(shown ? "yes" : "no");
    const key = keys.find((one) => pointer === `/configuration/${one.key}`);
    return key && inWords(key, shown);
  };
  if (!held) return editing.saving.state === "unreadable" && html`<p class="wrong">${say("saving:unreadable")}</p>`;
  return html`<form class="form" onSubmit=${(event) => { event.preventDefault(); if (!faults && editing.dirty) editing.save(); }}>
    <${CheckField} title=${say("integrationOn")} help=${say("integrationOnHelp")} value=${value("/enabled") === true} disabled=${disabled} wrong=${wrong("/enabled")} onChange=${(on) => change("/enabled", on)} />
    ${keys.map((key) => html`<${Field} key=${key.key} description=${key} value=${value(`/configuration/${key.key}`)} disabled=${disabled} wrong=${wrong(`/configuration/${key.key}`)} onChange=${(next) => change(`/configuration/${key.key}`, next)} />`)}
    <${TextField} title=${say("timeZone")} help=${say("timeZoneHelp")} placeholder="Europe/Moscow" value=${value("/time_zone")} disabled=${disabled} wrong=${wrong("/time_zone")} onChange=${(zone) => change("/time_zone", zone.trim() || null)} />
    <${Saving} editing=${editing} title=${named} words=${words} faults=${faults} mayChange=${!disabled} />
  </form>`;
}

export function Integration() {
  const { connection, integrations, offers } = useConsole();
  const standing = connection.state?.integrations ?? [];
  const all = standing.map((one) => ({ ...one, ...integrations?.find(({ id }) => id === one.id), on: one.on, enabled: one.enabled, standing: one.access }));
  return html`<h1>${say("view:integration")}</h1>
    ${all.map((one) => html`<section class="card" key=${one.id} aria-labelledby=${`integration-${one.id}`}>
      <h2 id=${`integration-${one.id}`}>${say("integrationNamed", one.id)}</h2>
      <${Access} one=${one} access=${one.standing ?? one.access_state} />
      <${Connecting} one=${one} access=${one.standing ?? one.access_state} />
      <${Widget} one=${one} />
      ${integrations && html`<${Settings} one=${one} />`}
      ${"employees" in one && html`<p><a href=${link("employees")}>${say("view:employees")}: ${counted(one.employees, say("employeeForms"))}</a></p>`}
      ${offers("POST /v1/integrations/{}/audits") && html`<${Audit} integration=${one.id} />`}
    </section>`)}
    <${ReadOnly} />`;
}
