// What the page says in English. The keys are those of russian.js.

export default {
  // The page.
  "view:calls": "Calls", "view:scenario": "Scenario", "view:employees": "Employees", "view:integration": "Integration", "view:versions": "Versions", "view:changes": "Changes",
  menu: "Sections", skip: "Skip to content", to: "Русский", leave: "Log out", close: "Close",
  enterTitle: "Log in", token: "The server's token", tokenHelp: "The command host-harness token new makes one; it is sent once and not stored in the browser.", enter: "Enter",
  refused: "The server does not take this token.", unreachable: "The server does not answer. Try again.",
  ms: "ms", s: "s", min: "min", h: "h",

  // How the node stands.
  on: "live", again: "connection lost, trying again", off: "not connected", asOf: (time) => `As of ${time}`,
  "level:good": "live, all is well", "level:warn": "live, with warnings", "level:bad": "needs attention", attention: "What needs attention",
  integrationNamed: (id) => `Integration ${id}`, switchedOff: "off, calls go to the linked operation",
  "access:connected": "connected to amoCRM", "access:not-asked": "an access token is set", "access:expired": "the access token has expired", "access:not-connected": "not connected to amoCRM",
  "access:off": "not working: the access to amoCRM has ended", "access:unreadable": "the stored access cannot be read", "access:refused": "amoCRM does not accept the access token", "access:unclear": "amoCRM's answer is unclear",
  "accessDo:connected": "", "accessDo:not-asked": "", "accessDo:unclear": "Check again: host-harness access --config host-harness.toml",
  "accessDo:expired": "Issue a new token in amoCRM and set it in the configuration.", "accessDo:not-connected": "Connect it: host-harness connect --config host-harness.toml",
  "accessDo:off": "Connect it again: host-harness connect --config host-harness.toml", "accessDo:unreadable": "Connect it again: host-harness connect --config host-harness.toml",
  "accessDo:refused": "Issue a new token in amoCRM and set it in the configuration.",
  accessExpires: (time) => `the access token is valid until ${time}`,
  refusesAll: (time) => `That is how the last request ended, at ${time}: calls are not forwarded now.`,
  "circuit:blocked": "amoCRM has blocked the access (403)", "circuit:limited": "amoCRM asks for a pause: too many requests (429)",
  stoppedUntil: (time) => `Requests stopped until ${time}.`, probing: "A trial request is out.", budgetAlone: "the rate limit is counted without the other nodes: their store does not answer",
  configurationRefused: "The configuration file was changed with a mistake; the settings before stay in force.", atRestart: (what) => `Takes effect after a restart: ${what}`,
  detailsFailing: "Call details are not kept.", detailsLost: (count) => `Call details that were not kept: ${count}`, directoryFailing: (path) => `The directory ${path} cannot be written to.`,

  // Calls.
  list: "List of calls", filters: "Which calls", any: "all", result: "Result", employee: "Employee", operation: "Operation", integration: "Integration", since: "From", until: "To",
  digits: "Last digits", digitsHelp: "One to four digits", filter: "Show", clear: "Clear", older: "Earlier ones", none: "No calls.", noneFit: "No such calls.",
  callForms: ["call", "calls"], shown: (count, more) => (more ? `${count} shown, there are earlier ones` : `${count} shown`),
  time: "Time", caller: "Caller", whereWhy: "Where to, and why", waited: "Waited", withheld: "withheld", unreadable: "The record cannot be read.",
  saveCsv: "Save as CSV", csvFile: "calls",
  "csv:number": "No.", "csv:time": "Time", "csv:caller": "Caller", "csv:called": "Called", "csv:operation": "Operation", "csv:result": "Result", "csv:where": "Sent to",
  "csv:reason": "Transition reason", "csv:waitedMs": "Waited, ms", "csv:ended": "Ended", "csv:answered": "Answered by", "csv:missed": "Missed by",
  ended: "Who answered", "ended:answered": "the employee answered", "ended:linked-operation": "the linked operation took it", "ended:caller-gone": "the caller hung up before",
  "ended:unanswered": "nobody answered", "ended:missed": "the employee missed it", "ended:not-reported": "not reported", missedBy: (who) => `Missed by: ${who}`,
  reasons: "How calls ended", reasonsChart: (most) => `Calls over time; the highest bar is ${most}`, span: "Time span", now: "now", nothing: "No calls in this time.",
  "span:900": "15 min", "span:3600": "1 hour", "span:86400": "24 hours", "span:604800": "7 days",
  "meaning:forwarded": "Forwarded to the manager", "meaning:rule": "Linked by rule", "meaning:caller": "The caller's number", "meaning:settings": "Settings needed", "meaning:failure": "Failure", "meaning:off": "Integration off",
  "reason:request-not-understood": "The PBX's request was not understood", "reason:operation-unknown": "The PBX named an unknown operation", "reason:host-overloaded": "The server is overloaded", "reason:host-stopping": "The server is stopping",
  "reason:operation-failed": "The operation failed", "reason:settings-unreadable": "The operation's settings cannot be read", "reason:scenario-too-slow": "The scenario's waiting time ran out", "reason:step-left": "These numbers were rung already",
  stepNamed: (at, title) => `step ${at}: ${title}`, stepTitle: (at, title, id) => `Step ${at}: ${title} (${id})`, unanswered: "nobody answered",

  // One call.
  calling: "Call", callGone: "There is no such call in the call details.", waitedFor: (time) => `waited ${time}`, linked: "Linked operation", goesTo: "Sent to:", toDeputy: "Forwarded to a deputy", insteadOf: (name) => `in place of ${name}`, thenTo: (target) => `if nobody answers, ${target}`,
  toEmployee: "To:", asked: "Requests to amoCRM", saw: "What the PBX saw", notes: "Notes", facts: "Call details", component: "Component", id: "Identifier", code: "Reason code",
  fromCache: "The manager is known, amoCRM was not asked", noRequests: "No requests", answer: "answer", waitingTime: "waiting time",
  turn: (time) => `waited ${time} for its turn`, shared: "answer shared with another call", repeated: "sent again: the connection broke", "notSent:budget": "not sent: the rate limit", "notSent:circuit": "not sent: amoCRM asked for a pause",
  "outcome:no-answer-in-time": "no answer", "outcome:crm-unreachable": "unreachable", "outcome:credentials-rejected": "token rejected", "outcome:account-unpaid": "account unpaid", "outcome:access-forbidden": "access forbidden",
  "outcome:rate-limited": "over the limit", "outcome:crm-error": "amoCRM's error", "outcome:answer-not-understood": "answer not understood",
  linkedNamed: (name) => `linked operation ${name}`, answeredBy: (who) => `Answered by: ${who}`, nobody: "Answered by nobody",
  "ending:answered": "answered", "ending:busy": "busy", "ending:no-answer": "no answer", "ending:declined": "declined", "ending:unavailable": "no telephone there", "ending:caller-gone": "the caller hung up", "ending:answered-elsewhere": "answered on another number", "ending:failed": "failed",
  "source:cache": "from the cache", "source:crm": "from amoCRM", inAmocrm: "(open in amoCRM)",
  forget: "Forget this caller's manager", forgotten: "Forgotten: at the next call amoCRM will be asked again.", notKnownWhether: "The connection broke; whether it was done is not known. Try again.",

  // What can be changed.
  save: "Save", discard: "Discard", cancel: "Cancel", add: "Add", remove: "Remove", change: "Change", look: "Open", undo: "Undo this change",
  "saving:saving": "Saving…", "saving:saved": "Saved and in force.", "saving:unknown": "The connection broke. Finding out whether it was saved…", "saving:notSaved": "Not saved. What you typed is still in the form: save again.", "saving:unreadable": "The settings could not be read. Reload the page.",
  faults: "Correct the marked fields.", conflict: "While you were editing, somebody else changed these settings:", conflictKept: "What you typed is still in the form. Look at it and save again.",
  viewerOnly: "This login can only look: a token with the scope manager can change settings.", demonstration: "This is the demonstration: the server runs without a configuration file, nothing can be changed here.", notOffered: "This server does not let the page change this.",
  required: "Fill in this field.", wholeNumber: "Type a whole number.", seconds: "Type a number of seconds, such as 2.5.", between: (least, most) => `From ${least} to ${most}`, tooLong: (most) => `At most ${most} characters`, tooMany: (most) => `At most ${most} lines`, chooseOne: "Choose from the list.",
  onePerLine: (most) => `One a line, at most ${most}`, byDefault: (value) => `Default: ${value}`, isDefault: "default", notSet: "not set", secret: "secret", yes: "yes", no: "no",

  // The scenario.
  scenarioHelp: "Operations are the steps of the scenario. The arrows show where calls go from each.", stepNumber: (at) => `Step ${at}.`, offered: (id) => `Works through the integration ${id}.`,
  integrationEnded: (id) => `The integration ${id} does not work: calls go to the linked operation with the status “Forwarding failed”.`, integrationSwitchedOff: (id) => `The integration ${id} is off: calls go to the linked operation with the status “Forwarding failed”.`,
  exits: "Exits", leadsTo: "leads to:", managersNumbers: "the manager's numbers", "exit:forward": "The manager is found", "exit:not-answered": "The manager does not answer", "exit:rest": "All other reasons", "exit:all": "Forwarding failed",
  "class:caller": "The caller's number is withheld or unusable", "class:empty-answer": "No contact or manager in amoCRM", "class:no-answer": "amoCRM did not answer in time", "class:technical-failure": "Technical failure", "class:absent": "The manager is not at work",
  "class:integration-off": "The integration is off", "class:configuration": "A mistake in the settings", "class:exit": "The operation's choice",
  settings: "Settings", scenarioWaiting: "Waiting time of all operations in a row", itsIntegration: "Settings of the integration", itsCalls: "Calls of this step", noOperation: (id) => `There is no operation ${id} in the scenario.`, addStep: "Add a step", linkedHelp: "Where a call goes that could not be forwarded",
  place: "A place in the PBX", targetKind: (title) => `${title}: a place in the PBX or a step`, addExit: "An exit of its own for a reason", addExitHelp: "Other calls go to the linked operation", chooseExit: "Choose a reason", exitGroups: "Groups of reasons", exitReasons: "Single reasons",
  removeExit: (name) => `Remove the exit “${name}”`, deleteStep: "Delete this step", deleteStepSure: (id) => `Delete the operation ${id} from the scenario?`,
  operationHelp: "A built-in operation or an uploaded component", builtIn: "Forward to the personal manager from the CRM (built-in)", workingHours: "Working hours (built-in)", notOffered2: (why) => `It cannot be added now. ${why}`, stepId: "Name of the step", stepIdHelp: "Latin letters, digits, hyphens: the PBX knows it by this name", badId: "Latin letters, digits, dots, hyphens and underscores", takenId: "This name is taken",

  // Employees.
  employeesHelp: "Whose telephones ring when amoCRM names a responsible user.", noEmployees: "There are no employees yet.", amocrmUserOf: (user) => `amoCRM user ${user}`, noNumbers: "no numbers", switchedOffEmployee: "off", theirCalls: "Calls", addEmployee: "Add an employee",
  name: "Name", amocrmUser: "amoCRM user", amocrmUserHelp: "The user's number (ID) in amoCRM", isEnabled: "Takes calls", isEnabledHelp: "An employee who is off is never rung", numbers: "Numbers", numbersHelp: "From the top, where they ring in turn.",
  ring: "Order of ringing", ringHelp: "At once, all numbers ring for as long as the longest of them", "ring:in-turn": "One after another", "ring:together": "All numbers at once",
  deputy: "Deputy", deputyHelp: "Is rung when this employee is not at work, off or without numbers, if the step of the scenario forwards to deputies", noDeputy: "nobody", deputyNamed: (name) => `deputy: ${name}`,
  numberAt: (at) => `Number ${at}`, ringTime: "Rings, seconds", moveUp: (number) => `Move ${number} up`, removeNumber: (number) => `Remove ${number}`, addNumber: "Add a number",
  deleteEmployee: "Delete this employee", deleteEmployeeSure: (name) => `Delete the employee ${name}?`, employeeId: "Name in the PBX", employeeIdHelp: "Latin letters and digits; call details name the employee so", employeeForms: ["employee", "employees"],

  // The integration.
  account: "Account", requestsGo: "Requests go out", budget: (rate, waiting) => `At most ${rate} requests a second; waiting for their turn: ${waiting}`, connect: "Connect to amoCRM", connectAgain: "Connect again", connectNow: "Connect", connected: "Connected: calls already use the new access.", disconnect: "Disconnect from amoCRM", disconnected: "Disconnected. The steps of the scenario stay, their calls go to the linked operation.",
  consentOpen: "Open amoCRM's page and allow access", consentCopy: "The browser is then sent to another address; the page there may not open. Copy that whole address.", consentAddress: "The address that the browser was sent to", consentHelp: "Valid for 20 minutes",
  disconnectSure: "Forget the access to amoCRM? The steps of the scenario stay, their calls go to the linked operation.",
  integrationOn: "Integration is on", integrationOnHelp: "When it is off, calls go to the linked operation and amoCRM is not asked", timeZone: "Time zone of the employees", timeZoneHelp: "For example Europe/Moscow",
  audit: "Audit of the account", auditHelp: "Finds what would keep calls from their managers: responsible users without an employee, contacts with wrong numbers.", auditBegin: "Begin the audit", auditRuns: (progress) => (progress ? `${progress.list === "users" ? "Users" : "Contacts"} read: ${progress.done}` : "The audit has begun"), auditFailed: "The audit failed:", auditClean: "Nothing found.",
  auditOf: (time) => `The audit ended ${time}`, auditChecked: ({ users, contacts, without_phone, unreadable }) => `Checked: ${users} users, ${contacts} contacts (${without_phone} without a telephone number)${unreadable ? `; entries that could not be read: ${unreadable}` : ""}`, auditRest: (rest) => `and ${rest} more contacts with such numbers`,
  findingUnknown: "A finding of an unknown kind: reload the page.",
  "finding:owner-without-employee": ({ user, name, contacts }) => `The amoCRM user ${user} (${name}) owns contacts (${contacts}) and is not an employee here: add one.`,
  "finding:deactivated-owner": ({ user, name, contacts }) => `The amoCRM user ${user}${name ? ` (${name})` : ""} is deactivated and still owns contacts (${contacts}): hand them over in amoCRM.`,
  "finding:employee-without-number": ({ employee, user, deputy }) => `The employee ${employee} (amoCRM user ${user}) has no numbers: add one${deputy ? `, or switch on “Forward to the deputy” of the operation, and the telephone of the deputy ${deputy} rings` : ""}.`,
  "finding:employee-of-nobody": ({ employee, user }) => `The employee ${employee} is mapped to the amoCRM user ${user}, who does not exist: correct it.`,
  "finding:shared-number": ({ number, employees }) => `The number ${number} is shared by ${employees.join(", ")}: a call for one rings the other.`,
  "finding:not-a-number": ({ contact }) => `Contact ${contact}: there is no number in its telephone field, no call can find it.`, "finding:without-area-code": ({ contact }) => `Contact ${contact}: its number lacks the area code, no call can find it.`,

  // Versions and changes.
  upload: "Upload a component", uploading: "Uploading…", componentFile: "File .wasm", uploadHelp: "The component is checked, and takes no calls until you activate it", uploaded: (title, digest) => `Uploaded: ${title} (${digest})`,
  inForce: "In force", inPlaceOf: (name) => `The configuration names another component: ${name}. The activated version is in force in its place, as long as that is named there.`, otherVersion: "Another version", otherVersionHelp: "It can be tried in a shadow first: it resolves the same calls without acting", noOtherVersion: "There are no other versions yet. Upload a component below: it can then be tried in a shadow and activated.", chooseVersion: "Choose a version",
  beginShadow: "Try in a shadow", activate: "Activate", activateSure: (name, id) => `Activate ${name} at the step ${id}?`, rollBack: "Roll back", rollBackSure: (name) => `Put ${name} in force again?`, history: "History",
  components: "Components", uploadedAt: (time) => `uploaded ${time}`, ofConfiguration: "of the configuration", kibForms: ["KiB", "KiB"], activeAt: (steps) => `in force at: ${steps}`,
  shadowIs: (name) => `Shadow: ${name}`, shadowSince: (time) => `Since ${time}`, shadowCounts: (all, same, different) => `${all} calls: ${same} went the same way, ${different} did not.`, differences: "Differences", theShadow: "The shadow", endShadow: "End the shadow",
  "differs:route": "route", "differs:reason": "reason", "differs:employee": "employee", "differs:numbers": "numbers", "differs:manager-source": "where the manager is known from", "differs:requests": "requests",
  changesHelp: "Who did what, and when. Changes of the settings can be undone.", undoes: (number) => `Undoes change no. ${number}.`, undoneBy: (number) => `Undone by change no. ${number}.`, noChanges: "Nothing was changed yet.", difference: "What changed", nobodyNamed: "unnamed", undoSure: (number) => `Undo change no. ${number}? The other changes stay.`,
  "by:file": "in the file", "by:api": "over the API", "by:http": "over HTTP", "by:page": "on the page", "by:command": "by a command", "by:undo": "an undone change", "by:amocrm": "in amoCRM",

  // The amoCRM widget.
  "feed:fed": (time) => `The amoCRM widget reports who is at work; last ${time}`, "feed:silent": (time) => `The amoCRM widget has been silent since ${time}: amoCRM's events are asked. Look whether the widget is installed`,
  "feed:never-fed": () => "The amoCRM widget has never reported anybody: amoCRM's events are asked", widget: "Download the amoCRM widget", widgetHelp: "Upload the archive in amoCRM, to the same integration", widgetNeedsHttps: "To download the amoCRM widget, open this page over https: the widget finds the server by its address",
};
