// Connecting an integration to its amoCRM account, and disconnecting it.

import { Problem, ask } from "./api.js";
import { Confirmed } from "./confirmed.js";
import { useConsole } from "./console.js";
import { TextField } from "./fields.js";
import { html, useState } from "./html.js";
import { lang, say } from "./language.js";

/** Where there is no access to be forgotten. */
const WITHOUT = ["not-connected", "unreadable"];

/** Only amoCRM's page is gone to, whatever the server says. */
const isPage = (address) => /^https?:\/\//.test(address);

/** Where the browser is sent elsewhere after consent: a person brings the address from there. */
function Pasted({ path, address, onDone }) {
  const [pasted, setPasted] = useState("");
  const [wrong, setWrong] = useState(null);
  const [busy, setBusy] = useState(false);
  const bring = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await ask("POST", `${path}/answer`, { json: { address: pasted } });
      onDone();
    } catch (error) {
      setWrong(error instanceof Problem ? error.text(lang()) : say("notKnownWhether"));
    }
    setBusy(false);
  };
  return html`<form class="form" id="consent" onSubmit=${bring}>
    <ol>
      <li><a href=${address} target="_blank" rel="noreferrer">${say("consentOpen")}</a></li>
      <li>${say("consentCopy")}</li>
    </ol>
    <${TextField} title=${say("consentAddress")} help=${say("consentHelp")} value=${pasted} wrong=${wrong} autocomplete="off" onChange=${(text) => { setWrong(null); setPasted(text); }} />
    <p class="buttons"><button class="primary" disabled=${busy || !pasted.trim()}>${say("connectNow")}</button></p>
  </form>`;
}

export function Connecting({ one, access }) {
  const { mayChange, offers, reload } = useConsole();
  const [asked, setAsked] = useState(null);
  const [said, setSaid] = useState(null);
  if (!mayChange || one.access !== "oauth" || !offers("POST /v1/integrations/{}/connection")) return null;
  const path = `/v1/integrations/${encodeURIComponent(one.id)}/connection`;
  const connect = async () => {
    setSaid(null);
    try {
      const { address, answer } = await ask("POST", path);
      if (!isPage(address)) return;
      // amoCRM's own page asks the administrator, and leads back to this server.
      if (answer === "redirect") location.assign(address);
      else setAsked(address);
    } catch (error) {
      setSaid({ wrong: true, text: error instanceof Problem ? error.text(lang()) : say("unreachable") });
    }
  };
  const done = (text) => () => {
    setAsked(null);
    setSaid({ text });
    reload();
  };
  const isGranted = access && !WITHOUT.includes(access.state) && access.off?.reason !== "disconnected";
  return html`<div class="connecting">
    <p class="buttons"><button type="button" id=${`connect-${one.id}`} onClick=${connect}>${say(isGranted ? "connectAgain" : "connect")}</button>
      ${isGranted && html`<${Confirmed} label=${say("disconnect")} question=${say("disconnectSure")} act=${() => ask("DELETE", path)} onDone=${done(say("disconnected"))} />`}
      <span role="status" class=${said?.wrong ? "wrong" : ""}>${said?.text ?? ""}</span></p>
    ${asked && html`<${Pasted} path=${path} address=${asked} onDone=${done(say("connected"))} />`}
  </div>`;
}
