// A button whose action is asked about once more before it is done.

import { Problem } from "./api.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { lang, say } from "./language.js";

export function Confirmed({ label, question, act, onDone, disabled }) {
  const dialog = useRef(null);
  const opener = useRef(null);
  const [why, setWhy] = useState("");
  const [busy, setBusy] = useState(false);
  const [asked, setAsked] = useState(false);
  useEffect(() => { if (asked) dialog.current?.showModal(); }, [asked]);
  const close = () => { setAsked(false); setWhy(""); opener.current?.focus(); };
  const confirm = async () => {
    setBusy(true);
    try {
      await act();
      setAsked(false);
      onDone?.();
    } catch (error) {
      setWhy(error instanceof Problem ? error.text(lang()) : say("notKnownWhether"));
    }
    setBusy(false);
  };
  return html`<button type="button" class="danger" ref=${opener} disabled=${disabled} onClick=${() => setAsked(true)}>${label}</button>
    ${asked && html`<dialog ref=${dialog} onClose=${close} aria-label=${label}>
      <p>${question}</p>
      <p class="wrong" role="alert">${why}</p>
      <p class="buttons"><button type="button" class="danger confirm" disabled=${busy} onClick=${confirm}>${label}</button>
        <button type="button" onClick=${() => dialog.current.close()}>${say("cancel")}</button></p>
    </dialog>`}`;
}
