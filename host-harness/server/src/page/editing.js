// Changing a part of the configuration so that nobody's work is lost: each change is of the revision that was read, what somebody else changed
// meanwhile is shown and what was typed is kept, and where the connection breaks in the middle it is found out whether the change was made.

import { Problem, Refused, Unreachable, get } from "./api.js";
import { html, useCallback, useEffect, useRef, useState } from "./html.js";
import { lang, say } from "./language.js";

const AGAIN = 1_500;

/** The revision in force; null where the server has none to be changed. Read before what is edited, so that a change in between is noticed. */
export const revisionNow = async (configuration) => (configuration ? (await get("/v1/configuration")).revision : null);

/** What was typed and not saved yet, by what it belongs to: it is still there when a person comes back from another view. */
const drafts = new Map();

const same = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

/** Flat values, by JSON pointers, as the objects that they are the members of. */
export function nested(values) {
  const made = {};
  for (const [pointer, value] of Object.entries(values)) {
    const path = pointer.slice(1).split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
    let into = made;
    for (const part of path.slice(0, -1)) into = into[part] ??= {};
    into[path.at(-1)] = value;
  }
  return made;
}

/** Members of an object as flat values below a pointer. */
export const flat = (pointer, members) =>
  Object.fromEntries(Object.entries(members ?? {}).map(([key, value]) => [`${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`, value]));

/** What a problem says at its field, which is the place: without the file and the section. */
const withoutPlace = (text) => text.replace(/^.*?\[\[\w+\]\] `[^`]*`(?:, [^:]*)?: /u, "");

/**
 * What is edited. Values are flat, by JSON pointers, so that a problem's `field` names one.
 * @param {string} name what it is, among all that can be edited
 * @param {() => Promise<{ values: object, revision: string }>} read
 * @param {(edits: object, values: object, revision: string) => Promise<void>} write `edits` has what was changed, null where a value is removed
 */
export function useEditing(name, read, write, onSaved) {
  const [held, setHeld] = useState(null);
  const [edits, setEdits] = useState(() => drafts.get(name) ?? {});
  const [saving, setSaving] = useState({ state: "idle" });
  const over = useRef(false);
  const load = useCallback(() => read().then((now) => { if (!over.current) setHeld(now); }, (error) => {
    if (!over.current && !(error instanceof Refused)) setSaving({ state: "unreadable" });
  }), []);
  useEffect(() => {
    over.current = false;
    load();
    return () => { over.current = true; };
  }, []);

  useEffect(() => { if (Object.keys(edits).length) drafts.set(name, edits); else drafts.delete(name); }, [edits]);

  const value = (pointer) => (pointer in edits ? edits[pointer] : held?.values[pointer] ?? null);
  const change = (pointer, next) => {
    setSaving({ state: "idle" });
    setEdits((before) => {
      const { [pointer]: _, ...others } = before;
      return same(held?.values[pointer], next) ? others : { ...before, [pointer]: next };
    });
  };
  const settled = (now) => {
    if (over.current) return;
    setHeld(now);
    setEdits({});
    setSaving({ state: "saved" });
    onSaved?.();
  };
  /** After the connection broke: asks until the server answers, and tells by what is there now whether the change was made. */
  const findOut = async (before) => {
    setSaving({ state: "unknown" });
    while (!over.current) {
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
      try {
        const now = await read();
        const made = now.revision !== before.revision && Object.entries(edits).every(([pointer, wanted]) => same(now.values[pointer], wanted));
        if (made) return settled(now);
        setHeld(now);
        return setSaving({ state: "notSaved" });
      } catch (error) {
        if (!(error instanceof Unreachable)) return setSaving({ state: "unreadable" });
      }
    }
    return undefined;
  };
  const attempt = async (before, again) => {
    try {
      await write(edits, before.values, before.revision);
    } catch (error) {
      if (error instanceof Unreachable) return findOut(before);
      if (error instanceof Problem && error.status === 412) {
        const now = await read().catch(() => null);
        if (!now) return setSaving({ state: "notSaved" });
        // It was made after all, and only the answer was lost: a browser sends a request again by itself.
        if (Object.entries(edits).every(([pointer, wanted]) => same(now.values[pointer], wanted))) return settled(now);
        const others = differences(before.values, now.values);
        setHeld(now);
        // Something else of the configuration was changed: this part is as it was read.
        if (!others.length && again) return attempt(now, false);
        return setSaving({ state: "conflict", others });
      }
      if (error instanceof Problem) return setSaving({ state: "refused", problem: error });
      return setSaving({ state: "notSaved" });
    }
    return settled(await read().catch(() => ({ ...before, values: { ...before.values, ...edits } })));
  };
  const save = () => {
    setSaving({ state: "saving" });
    return attempt(held, true);
  };
  const undo = () => { setEdits({}); setSaving({ state: "idle" }); };
  const wrong = (pointer) => {
    const { problem } = saving;
    return problem && (problem.document.field === pointer || problem.document.field?.startsWith(`${pointer}/`)) ? withoutPlace(problem.text(lang())) : null;
  };
  return { held, edits, saving, value, change, save, undo, wrong, dirty: Object.keys(edits).length > 0 };
}

function differences(before, now) {
  const pointers = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return pointers.filter((pointer) => !same(before[pointer], now[pointer])).map((pointer) => ({ pointer, before: before[pointer], now: now[pointer] }));
}

const written = (value) => (value === null || value === undefined ? "—" : typeof value === "object" ? JSON.stringify(value) : `${value}`);

/** The buttons to save with, and what became of it. `title` says what a pointer is called, `words` a value of it; `faults` are what keeps it from being saved. */
export function Saving({ editing, title, words, faults = 0, mayChange = true, children }) {
  const worded = (pointer, value) => words?.(pointer, value) ?? written(value);
  const { saving, dirty, save, undo } = editing;
  const { state, problem, others } = saving;
  useEffect(() => {
    const leaving = (event) => { if (dirty) event.preventDefault(); };
    addEventListener("beforeunload", leaving);
    return () => removeEventListener("beforeunload", leaving);
  }, [dirty]);
  // What became of it is in sight, however long the form is.
  const said = useRef(null);
  useEffect(() => { if (state !== "idle" && state !== "saving") said.current?.scrollIntoView({ block: "nearest" }); }, [state]);
  const busy = state === "saving" || state === "unknown";
  return html`<div class="saving" ref=${said}>
    ${mayChange && html`<p class="buttons">
      <button class="primary" disabled=${!dirty || faults > 0 || busy} onClick=${(event) => { event.preventDefault(); save(); }}>${say("save")}</button>
      <button type="button" disabled=${!dirty || busy} onClick=${undo}>${say("discard")}</button>
      ${children}
    </p>`}
    <div role="status" class="said">
      ${faults > 0 && dirty ? html`<p class="wrong">${say("faults")}</p>` : state !== "idle" && state !== "refused" && state !== "conflict" && html`<p class=${state === "notSaved" || state === "unreadable" ? "wrong" : ""} data-saving=${state}>${say(`saving:${state}`)}</p>`}
    </div>
    ${state === "refused" && html`<div role="alert" class="wrong" data-saving="refused"><p>${problem.text(lang())}</p>
      ${problem.findings(lang()).length > 0 && html`<ul>${problem.findings(lang()).map((finding, at) => html`<li key=${at}>${finding}</li>`)}</ul>`}</div>`}
    ${state === "conflict" && html`<div role="alert" class="conflict" data-saving="conflict"><p><strong>${say("conflict")}</strong></p>
      <ul>${others.map(({ pointer, before, now }) => html`<li key=${pointer}>${title(pointer)}: <del>${worded(pointer, before)}</del> → <ins>${worded(pointer, now)}</ins></li>`)}</ul>
      <p>${say("conflictKept")}</p></div>`}
  </div>`;
}
