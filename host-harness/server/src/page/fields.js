// The fields of a form, made from what an operation says of its settings: their kinds, bounds, defaults and help, in words.

import { html, useEffect, useId, useState } from "./html.js";
import { duration, local, say } from "./language.js";

const UNITS = { ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** A length of time as the file has it, `2s` or `1m 30s`, in milliseconds; none where it is not one. */
export function milliseconds(text) {
  const parts = [...`${text}`.matchAll(/([\d.]+)\s*(ms|min|m|s|h|d)\b/g)];
  if (!parts.length || `${text}`.replaceAll(/([\d.]+)\s*(ms|min|m|s|h|d)\b/g, "").trim()) return null;
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * UNITS[unit], 0);
}

/** The same as the file has it. */
export const lengthOfTime = (time) => (time % 1_000 ? `${time}ms` : `${time / 1_000}s`);

/** What is typed for a value of the file. */
function typedOf(kind, value) {
  if (value === null || value === undefined) return "";
  const time = kind.kind === "duration" ? milliseconds(value) : null;
  return time === null ? `${value}` : `${time / 1_000}`;
}

/** The value of the file for what is typed; null where nothing is. What cannot be read stays as it is, and is a fault. */
function valueOf(kind, typed) {
  if (typed.trim() === "") return null;
  if (kind.kind !== "duration") return kind.kind === "list" ? typed.split("\n").map((line) => line.trim()).filter(Boolean).join("\n") : typed.trim();
  const seconds = Number(typed.replace(",", "."));
  return Number.isFinite(seconds) ? lengthOfTime(Math.round(seconds * 1_000)) : typed.trim();
}

/** Values as they are sent: of a list, its items. `pointer` is where the described values stand. */
export function listed(values, pointer, descriptions) {
  const lists = descriptions.filter(({ kind }) => kind.kind === "list").map(({ key }) => `${pointer}/${key}`);
  return Object.fromEntries(Object.entries(values).map(([at, value]) => [at, lists.includes(at) && typeof value === "string" ? value.split("\n") : value]));
}

/** What is wrong with a value, or null. */
export function fault({ kind, required }, value) {
  if (value === null || value === undefined || value === "") return required && (kind.default ?? null) === null ? say("required") : null;
  const { minimum, maximum } = kind;
  switch (kind.kind) {
    case "integer":
      if (!/^\d+$/.test(value)) return say("wholeNumber");
      return Number(value) < minimum || Number(value) > maximum ? say("between", minimum, maximum) : null;
    case "duration": {
      const time = milliseconds(value);
      if (time === null) return say("seconds");
      return time < minimum || time > maximum ? say("between", duration(minimum), duration(maximum)) : null;
    }
    case "text":
      return [...value].length > kind.maximum_length ? say("tooLong", kind.maximum_length) : null;
    case "choice":
      return kind.options.some((option) => option.value === value) ? null : say("chooseOne");
    case "list": {
      const lines = value.split("\n");
      if (lines.length > kind.maximum_items) return say("tooMany", kind.maximum_items);
      return lines.map((line) => fault({ kind: kind.items }, line)).find(Boolean) ?? null;
    }
    default:
      return null;
  }
}

/** A value in words; of none, that of the description. */
export function inWords({ kind }, value) {
  const shown = value ?? kind.default;
  if (shown === null || shown === undefined || shown === "") return say("notSet");
  if (kind.secret) return say("secret");
  if (kind.kind === "flag") return say(`${shown}` === "true" ? "yes" : "no");
  if (kind.kind === "duration") return duration(milliseconds(shown) ?? Number(shown));
  if (kind.kind === "choice") return local(kind.options.find((option) => option.value === shown)?.title) || shown;
  return `${shown}`.replaceAll("\n", ", ");
}

/** The bounds and the default, in words. */
function bounds(description) {
  const { kind } = description;
  const said = [];
  if (kind.kind === "integer") said.push(say("between", kind.minimum, kind.maximum));
  if (kind.kind === "duration") said.push(say("between", duration(kind.minimum), duration(kind.maximum)));
  if (kind.kind === "list") said.push(say("onePerLine", kind.maximum_items));
  if ((kind.default ?? null) !== null && kind.kind !== "list") said.push(say("byDefault", inWords(description, null)));
  return said.join(". ");
}

/** A label, a control, its help and what is wrong with it, tied together for those who hear the page. */
export function Labelled({ title, help, wrong, unit, children, check }) {
  const id = useId();
  const control = children({ id, "aria-describedby": `${id}-help ${id}-wrong`, "aria-invalid": wrong ? "true" : null });
  return html`<div class=${check ? "field check" : "field"}>
    <label for=${id}>${title}</label>
    <div class="control">${control}${unit && html` <span>${unit}</span>`}</div>
    <p class="quiet help" id=${`${id}-help`}>${help}</p>
    <p class="wrong" id=${`${id}-wrong`} role="alert">${wrong}</p>
  </div>`;
}

/** A plain field of text. */
export function TextField({ title, help, value, onChange, wrong, ...more }) {
  return html`<${Labelled} title=${title} help=${help} wrong=${wrong}>${(tied) => html`<input ...${tied} ...${more} value=${value ?? ""} onInput=${(event) => onChange(event.currentTarget.value)} />`}<//>`;
}

/** A field that is on or off. */
export function CheckField({ title, help, value, onChange, wrong, disabled }) {
  return html`<${Labelled} title=${title} help=${help} wrong=${wrong} check>${(tied) => html`<input type="checkbox" ...${tied} checked=${value} disabled=${disabled} onChange=${(event) => onChange(event.currentTarget.checked)} />`}<//>`;
}

/** The field of a described setting. `value` is as in the file, null where the default is in force. */
export function Field({ description, value, onChange, wrong, disabled }) {
  const { kind } = description;
  const [typed, setTyped] = useState(() => typedOf(kind, value));
  useEffect(() => {
    if ((valueOf(kind, typed) ?? null) !== (value ?? null)) setTyped(typedOf(kind, value));
  }, [value]);
  const type = (event) => {
    setTyped(event.currentTarget.value);
    onChange(valueOf(kind, event.currentTarget.value));
  };
  const title = local(description.title) || description.key;
  const help = [local(description.help), bounds(description)].filter(Boolean).join(". ");
  const at = wrong ?? fault(description, value);
  if (kind.kind === "flag") {
    return html`<${CheckField} title=${title} help=${help} wrong=${at} disabled=${disabled} value=${`${value ?? kind.default}` === "true"} onChange=${(on) => onChange(`${on}`)} />`;
  }
  const unit = kind.kind === "duration" ? say("s") : null;
  return html`<${Labelled} title=${title} help=${help} wrong=${at} unit=${unit}>${(tied) => {
    if (kind.kind === "choice") {
      return html`<select ...${tied} disabled=${disabled} value=${value ?? kind.default} onChange=${(event) => onChange(event.currentTarget.value)}>
        ${kind.options.map((option) => html`<option key=${option.value} value=${option.value}>${local(option.title) || option.value}</option>`)}
      </select>`;
    }
    const more = { ...tied, disabled, value: typed, onInput: type, name: description.key, placeholder: typedOf(kind, kind.kind === "duration" && kind.default !== null ? lengthOfTime(kind.default) : kind.default) };
    if (kind.kind === "list") return html`<textarea rows="3" ...${more}></textarea>`;
    return html`<input inputmode=${{ integer: "numeric", duration: "decimal" }[kind.kind] ?? null} ...${more} />`;
  }}<//>`;
}
