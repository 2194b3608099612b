// A button whose action is asked about once more before it is done.

import { Problem } from "./api.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { lang, say } from "./language.js";

/** Red, unless what it does is `harmless`. */
export function Confirmed({ label, question, act, onDone, disabled, harmless = false }) {
  const dialog = useRef(null);
  const opener = useRef(null);
  const [why, setWhy] = useState("");
  const [busy, setBusy] = useState(false);
  const [asked, setAsked] = useState(false);
  useEffect(() => {
    if (!asked) return undefined;
    dialog.current.showModal();
    // The focus goes back to the button, or, where that can be pressed no longer, to what is around it.
    return () => {
      if (opener.current?.disabled) document.getElementById("main")?.focus();
      else opener.current?.focus();
    };
  }, [asked]);
  const close = () => { setAsked(false); setWhy(""); };
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
  return html`<button type="button" class=${harmless ? "" : "danger"} ref=${opener} disabled=${disabled} onClick=${() => setAsked(true)}>${label}</button>
    ${asked && html`<dialog ref=${dialog} onClose=${close} aria-label=${label}>
      <p>${question}</p>
      <p class="wrong" role="alert">${why}</p>
      <p class="buttons"><button type="button" class=${harmless ? "primary confirm" : "danger confirm"} disabled=${busy} onClick=${confirm}>${label}</button>
        <button type="button" onClick=${() => dialog.current.close()}>${say("cancel")}</button></p>
    </dialog>`}`;
}
