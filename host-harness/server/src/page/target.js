// Where a call goes next: another step of the scenario, chosen from a list, or a place of the PBX, by its name.

import { useConsole } from "./console.js";
import { Labelled } from "./fields.js";
import { html } from "./html.js";
import { local, say } from "./language.js";

const STEP = "operation:";

export function TargetField({ title, help, value, onChange, wrong, self, disabled }) {
  const { operations } = useConsole();
  const step = value?.startsWith(STEP);
  const others = operations.filter(({ id }) => id !== self);
  const choose = (event) => onChange(event.currentTarget.value);
  return html`<${Labelled} title=${title} help=${help} wrong=${wrong}>${(tied) => html`<span class="target">
    <select aria-label=${say("targetKind", title)} value=${step ? value : ""} disabled=${disabled} onChange=${choose}>
      <option value="">${say("place")}</option>
      ${others.map(({ id, description }) => html`<option key=${id} value=${STEP + id}>${say("stepNamed", operations.findIndex((one) => one.id === id) + 1, `${local(description?.title)} (${id})`)}</option>`)}
      ${step && !others.some(({ id }) => STEP + id === value) && html`<option value=${value}>${value}</option>`}
    </select>
    <input ...${tied} hidden=${step} disabled=${disabled} value=${step ? "" : value ?? ""} placeholder="queue:sales" onInput=${choose} />
  </span>`}<//>`;
}
