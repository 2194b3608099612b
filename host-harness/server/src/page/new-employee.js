// The form of a new employee. The telephones are added once the employee is there.

import { go, link } from "./address.js";
import { Problem, ask } from "./api.js";
import { useConsole } from "./console.js";
import { revisionNow } from "./editing.js";
import { Labelled, TextField } from "./fields.js";
import { html, useState } from "./html.js";
import { lang, say } from "./language.js";

/** `list` gives the address of an integration's employees. */
export function NewEmployee({ list }) {
  const { integrations, employees, configuration, reload } = useConsole();
  const [made, setMade] = useState({ id: "", name: "", amocrm_user: "", number: "", integration: integrations[0]?.id });
  const [problem, setProblem] = useState(null);
  const set = (key) => (value) => { setProblem(null); setMade((before) => ({ ...before, [key]: value })); };
  const { id, name, amocrm_user: user, number, integration } = made;
  const wrong = (field) => (problem?.document?.field?.startsWith(field) ? problem.text(lang()) : null);
  const taken = employees.some((one) => one.id === id && one.integration === integration) ? say("takenId") : null;
  const add = async (event) => {
    event.preventDefault();
    try {
      const json = { name: name.trim() || id, amocrm_user: Number(user), enabled: true, numbers: number.trim() ? [{ number: number.trim() }] : [] };
      await ask("PUT", `${list(integration)}/${encodeURIComponent(id)}`, { json, revision: await revisionNow(configuration) });
      await reload();
      go(link("employees", `${integration}:${id}`), { replace: true });
    } catch (error) {
      setProblem(error instanceof Problem ? error : { document: {}, text: () => say("notKnownWhether") });
    }
  };
  return html`<h1>${say("addEmployee")}</h1>
    <p><a href=${link("employees")}>← ${say("view:employees")}</a></p>
    <form class="card form" onSubmit=${add}>
      ${integrations.length > 1 && html`<${Labelled} title=${say("integration")}>${(tied) => html`<select ...${tied} value=${integration} onChange=${(event) => set("integration")(event.currentTarget.value)}>
        ${integrations.map((one) => html`<option key=${one.id} value=${one.id}>${one.id}</option>`)}
      </select>`}<//>`}
      <${TextField} title=${say("employeeId")} help=${say("employeeIdHelp")} value=${id} onChange=${set("id")} wrong=${taken} required autocomplete="off" />
      <${TextField} title=${say("name")} value=${name} onChange=${set("name")} wrong=${wrong("/name")} />
      <${TextField} title=${say("amocrmUser")} help=${say("amocrmUserHelp")} value=${user} inputmode="numeric" onChange=${set("amocrm_user")}
        wrong=${wrong("/amocrm_user") ?? (user && !/^\d+$/.test(user) ? say("wholeNumber") : null)} required />
      <${TextField} title=${say("numberAt", 1)} value=${number} inputmode="tel" onChange=${set("number")} wrong=${wrong("/numbers")} />
      <p class="buttons"><button class="primary" disabled=${!id || !/^\d+$/.test(user) || Boolean(taken)}>${say("add")}</button></p>
      ${problem && html`<p class="wrong" role="alert">${problem.text(lang())}</p>`}
    </form>`;
}
