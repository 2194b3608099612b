// The console: who is logged in, which view is open, and what all views share.

import { useAddress, link } from "./address.js";
import { Alerts, Standing, alertsOf } from "./alerts.js";
import { get } from "./api.js";
import { Calls } from "./calls.js";
import { Changes } from "./changes.js";
import { useConnection } from "./connection.js";
import { Console } from "./console.js";
import { Employees } from "./employees.js";
import { html, render, useCallback, useEffect, useRef, useState } from "./html.js";
import { Integration } from "./integration.js";
import { changeLanguage, lang, say } from "./language.js";
import { Scenario } from "./scenario.js";
import { Login, current, leave } from "./session.js";
import { Versions } from "./versions.js";

/** The views by their addresses, in the order of the menu. */
const VIEWS = { calls: Calls, scenario: Scenario, employees: Employees, integration: Integration, versions: Versions, changes: Changes };

/** What the server offers, as `"GET /v1/calls/{}"`. */
function routesOf({ paths = {} }) {
  const named = (path) => path.replaceAll(/\{[^}]*\}/g, "{}");
  return new Set(Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${named(path)}`)));
}

/** What several views need: asked for at the start, and again after a change. What this server does not offer is null. */
async function shared() {
  const routes = routesOf(await get("/openapi.json"));
  const offers = (route) => routes.has(route);
  const wanted = (path) => (offers(`GET ${path}`) ? get(path) : null);
  const [{ operations }, all, configuration] = await Promise.all([get("/v1/operations"), wanted("/v1/integrations"), wanted("/v1/configuration")]);
  const integrations = all?.integrations ?? null;
  const employees = await Promise.all((integrations ?? []).map(async ({ id }) => {
    const found = await get(`/v1/integrations/${encodeURIComponent(id)}/employees`);
    return found.employees.map((employee) => ({ ...employee, integration: id }));
  }));
  return { operations, integrations, employees: employees.flat(), configuration, offers };
}

function Menu({ view }) {
  return html`<nav aria-label=${say("menu")}><ul>
    ${Object.keys(VIEWS).map((name) => html`<li key=${name}><a href=${link(name)} aria-current=${name === view ? "page" : null}>${say(`view:${name}`)}</a></li>`)}
  </ul></nav>`;
}

function Header({ children, onLanguage }) {
  return html`<header>
    <span class="name">host-harness</span>
    ${children}
    <button id="language" type="button" lang=${lang() === "ru" ? "en" : "ru"} onClick=${onLanguage}>${say("to")}</button>
  </header>`;
}

/** Everything behind the login. `login` changes with each login, so that the connection begins anew. */
function Desk({ session, login, onExpired, onLanguage }) {
  const address = useAddress();
  const connection = useConnection(login, onExpired);
  const [common, setCommon] = useState({ operations: [], integrations: null, employees: [], configuration: null, offers: () => false });
  const reload = useCallback(() => shared().then(setCommon, () => {}), []);
  const revision = connection.state?.configuration?.revision;
  useEffect(() => { reload(); }, [revision, connection.live === "on"]);
  const view = VIEWS[address.view] ? address.view : "calls";
  const View = VIEWS[view];
  const alerts = alertsOf(connection);
  const main = useRef(null);
  useEffect(() => { document.title = `${say(`view:${view}`)} — host-harness`; });
  // Where what had the focus is gone with the view, it goes on from the top of the new one.
  const shown = view === "calls" ? view : `${view}/${address.id}?${address.query}`;
  const first = useRef(true);
  useEffect(() => {
    if (!first.current && document.activeElement === document.body) main.current.focus();
    first.current = false;
  }, [shown, login]);
  // Whoever comes next finds nothing of what was typed.
  const out = () => leave().then(() => location.reload());
  return html`<${Console.Provider} value=${{ session, connection, reload, ...common, mayChange: session.scope === "manager" }}>
    <a class="skip" href="#main" onClick=${(event) => { event.preventDefault(); main.current.focus(); }}>${say("skip")}</a>
    <${Header} onLanguage=${onLanguage}>
      <${Menu} view=${view} />
      <${Standing} connection=${connection} alerts=${alerts} />
      <button id="leave" type="button" onClick=${out} title=${session.name}>${say("leave")}</button>
    <//>
    <${Alerts} alerts=${alerts} />
    <main id="main" tabindex="-1" ref=${main}><${View} key=${view} address=${address} /></main>
  <//>`;
}

/** Who is logged in. A login that has ended takes nothing away from the view: it is there again after the next one, with what was typed. */
function Page() {
  const [{ session, login, expired }, setHeld] = useState({ session: undefined, login: 0, expired: false });
  const [, setLanguage] = useState(lang());
  const enter = (entered) => setHeld((held) => ({ session: entered, login: held.login + 1, expired: false }));
  useEffect(() => { current().then(enter, () => enter(null)); }, []);
  const switchLanguage = () => { changeLanguage(); setLanguage(lang()); };
  const asked = session === null || expired;
  return html`${(asked || !session) && html`<${Header} onLanguage=${switchLanguage} />`}
    ${asked && html`<${Login} onEnter=${enter} />`}
    ${session && html`<div hidden=${expired}><${Desk} key=${`${session.name} ${session.scope}`} session=${session} login=${login} onLanguage=${switchLanguage}
      onExpired=${() => setHeld((held) => ({ ...held, expired: true }))} /></div>`}`;
}

render(html`<${Page} />`, document.getElementById("page"));
