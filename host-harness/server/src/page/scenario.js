// The scenario: its operations as steps, where calls leave each and for what reason, and the settings in force.

import { link } from "./address.js";
import { ReadOnly, notWorking } from "./allowed.js";
import { useConsole } from "./console.js";
import { inWords } from "./fields.js";
import { html } from "./html.js";
import { duration, local, say } from "./language.js";
import { MEANINGS, SIGNS, exitName, meaningOfExit, reasonsOf } from "./meaning.js";
import { NewOperation, Operation } from "./operation.js";

/** Where an exit leads: to a step, which it is a link to, or to a place of the PBX. */
function Target({ target }) {
  const { operations } = useConsole();
  const step = operations.find(({ id }) => `operation:${id}` === target);
  if (!step) return html`<span class="place">${target}</span>`;
  const at = operations.indexOf(step);
  const show = (event) => {
    event.preventDefault();
    const card = document.getElementById(`step-${at}`);
    card.scrollIntoView({ block: "nearest" });
    card.querySelector("h2").focus();
  };
  return html`<a class="place" href=${`#step-${at}`} onClick=${show}>${say("stepNamed", at + 1, local(step.description?.title))}</a>`;
}

/** The exits as a picture that can be read: a line from the step to each target, with the reason on it. */
function Exits({ operation }) {
  const reasons = reasonsOf([operation]);
  const order = (key) => MEANINGS.indexOf(meaningOfExit(key, reasons));
  const own = Object.entries(operation.exits ?? {}).sort(([one], [other]) => order(one) - order(other));
  const exit = (key, meaning, name, target) => html`<li key=${key} data-meaning=${meaning}>
    <span class="reason"><span class="sign" aria-hidden="true">${SIGNS[meaning]}</span> ${name}</span><span class="arrow" aria-hidden="true"></span><span class="leads">${say("leadsTo")} </span><${Target} target=${target} />
  </li>`;
  return html`<ul class="exits" aria-label=${say("exits")}>
    ${exit("", "forwarded", say("exit:forward"), say("managersNumbers"))}
    ${own.map(([key, target]) => exit(key, meaningOfExit(key, reasons), exitName(key, reasons), target))}
    ${exit("rest", "rule", say(own.length ? "exit:rest" : "exit:all"), operation.linked_operation)}
  </ul>`;
}

function Step({ operation, at }) {
  const console = useConsole();
  const { description, settings = {} } = operation;
  const why = notWorking(operation.integration, console);
  return html`<section class="card step-card" id=${`step-${at}`} aria-labelledby=${`step-${at}-title`}>
    <h2 id=${`step-${at}-title`} tabindex="-1">${say("stepNumber", at + 1)} ${local(description?.title) || operation.id} <span class="quiet">${operation.id}</span></h2>
    <p>${local(description?.summary)}</p>
    ${why ? html`<p class="wrong">${why}</p>` : html`<p>${say("offered", operation.integration)}</p>`}
    <${Exits} operation=${operation} />
    <h3>${say("settings")}</h3>
    <dl>${(description?.settings ?? []).map((setting) => html`<div key=${setting.key}><dt>${local(setting.title)}</dt>
      <dd>${inWords(setting, settings[setting.key])}${setting.key in settings ? "" : html` <span class="quiet">${say("isDefault")}</span>`}</dd></div>`)}
      ${operation.scenario_waiting_ms !== operation.waiting_time_ms && html`<div key=""><dt>${say("scenarioWaiting")}</dt><dd>${duration(operation.scenario_waiting_ms)}</dd></div>`}
    </dl>
    <p class="buttons"><a class="button" href=${link("scenario", operation.id)}>${say(console.mayChange && console.configuration?.writable ? "change" : "look")}</a>
      <a class="button" href=${link("integration")}>${say("itsIntegration")}</a>
      <a class="button" href=${link("calls", null, { operation: operation.id })}>${say("itsCalls")}</a></p>
  </section>`;
}

export function Scenario({ address }) {
  const { operations, configuration, mayChange, offers } = useConsole();
  if (address.query.get("new")) return html`<${NewOperation} />`;
  if (address.id !== null) {
    const operation = operations.find(({ id }) => id === address.id);
    if (operation) return html`<${Operation} key=${operation.id} operation=${operation} />`;
    return operations.length > 0 && html`<h1>${say("view:scenario")}</h1><p>${say("noOperation", address.id)}</p><p><a href=${link("scenario")}>${say("view:scenario")}</a></p>`;
  }
  return html`<h1>${say("view:scenario")}</h1>
    <p class="quiet">${say("scenarioHelp")}</p>
    ${operations.map((operation, at) => html`<${Step} key=${operation.id} operation=${operation} at=${at} />`)}
    ${mayChange && configuration?.writable && offers("POST /v1/operations") && html`<p><a class="button" id="add" href=${link("scenario", null, { new: 1 })}>${say("addStep")}</a></p>`}
    <${ReadOnly} />`;
}
