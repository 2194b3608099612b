// The operation «Звонки по коду номера»: callers whose number begins with a code, such as +49, ring an employee and then the numbers of a setting.
//
// Values are as componentize-qjs has them: records are objects with camelCase keys, a variant is { tag, val }, an enum is its name, an option
// that is none comes as null, and whole numbers of 64 bits are plain numbers. What a call needs of the time comes with it, in `call.at`.

import { findByCrmUser } from "telephony:operation/directory@0.2.0";

const MOST = 20;
const RING_TIME = 20_000;

const text = (ru, en) => ({ ru, en });

// Settings: what each accepts, and what it is where it is not given.
const texts = (maximumLength) => ({ tag: "list", val: { items: { tag: "text", val: { default: null, maximumLength, secret: false } }, maximumItems: MOST } });
const SETTINGS = {
  codes: {
    title: text("Коды", "Codes"),
    help: text("Начала номеров, с + и кодом страны: +49, +7495", "What numbers begin with, from + and the country code on: +49, +7495"),
    kind: texts(8),
    absent: [],
    read: (items) => items.every((item) => /^\+[1-9][0-9]{0,6}$/.test(item)),
  },
  numbers: {
    title: text("Кому звонить", "Whom to ring"),
    help: text("Номера по порядку; каждый звонит 20 с", "Numbers in their order; each rings for 20 s"),
    kind: texts(32),
    absent: [],
    read: (items) => items.every((item) => /^\+?[0-9]{1,31}$/.test(item)),
  },
  crm_user: {
    title: text("Сотрудник", "Employee"),
    help: text("Номер пользователя amoCRM, чьи телефоны звонят первыми; 0 — никто", "The amoCRM user whose telephones ring first; 0 is nobody"),
    kind: { tag: "integer", val: { default: 0, minimum: 0, maximum: 1_000_000_000, unit: null } },
    absent: 0,
    read: (user) => user >= 0 && user <= 1_000_000_000,
  },
};

const NOT_FORWARDED = text("Переадресация не удалась", "Forwarding failed");
const REASONS = {
  "another-code": ["exit", null, text("Номер звонящего начинается иначе", "The caller's number begins otherwise")],
  "nobody-to-ring": ["configuration", NOT_FORWARDED, text("Звонить некому", "There is nobody to ring")],
  "directory-unavailable": ["technical-failure", NOT_FORWARDED, text("Список сотрудников недоступен", "The employees cannot be asked for")],
  "setting-wrong": ["configuration", NOT_FORWARDED, text("Настройка имеет неподходящее значение", "A setting has a value that does not fit")],
};

class Leave extends Error {
  constructor(code, about) {
    super(code);
    this.about = about;
  }
}

/** The settings by key. One that is missing is as described, one that does not fit is not guessed, one that nobody knows is noted. */
function readSettings(given, notes) {
  const settings = Object.fromEntries(Object.entries(SETTINGS).map(([key, { absent }]) => [key, absent]));
  for (const { key, value: { tag, val } } of given) {
    const known = SETTINGS[key];
    if (!known) {
      notes.push({ code: "unknown-setting", text: text(`Неизвестная настройка: ${key}`, `Unknown setting: ${key}`) });
      continue;
    }
    const isList = tag === "list" && val.length <= MOST && val.every((item) => item.tag === "text");
    const value = tag === "list" ? val.map((item) => item.val) : val;
    if (tag !== known.kind.tag || (tag === "list" && !isList) || !known.read(value)) throw new Leave("setting-wrong", key);
    settings[key] = value;
  }
  if (settings.codes.length === 0) throw new Leave("setting-wrong", "codes");
  return settings;
}

/** The employee's numbers; none where he is switched off or unknown. */
function ofEmployee(user) {
  if (user === 0) return [];
  let employee;
  try {
    employee = findByCrmUser(user);
  } catch {
    throw new Leave("directory-unavailable");
  }
  return employee?.enabled ? employee.destinations : [];
}

/** Whom a call rings. */
function resolve(call, given, notes, facts) {
  const { codes, numbers, crm_user: user } = readSettings(given, notes);
  // However the network wrote the number, the host gives it in one form; none where it was withheld or can be read in two ways.
  if (!codes.some((code) => call.callerNumber?.startsWith(code))) throw new Leave("another-code");
  const own = ofEmployee(user);
  const destinations = [...own, ...numbers.map((number) => ({ number, ringTime: RING_TIME }))];
  if (destinations.length === 0) throw new Leave("nobody-to-ring");
  facts.first = own.length ? "employee" : "numbers";
  return { tag: "forward", val: { employeeId: "callers-by-code", employeeName: codes.join(", ").slice(0, 200), destinations } };
}

export const operation = {
  describe: () => ({
    id: "callers-by-code",
    version: "0.1.0",
    title: text("Звонки по коду номера", "Callers by code"),
    summary: text("Звонящие из выбранных стран и городов попадают к нужному человеку.", "Callers of chosen countries and cities get to the right person."),
    settings: Object.entries(SETTINGS).map(([key, { title, help, kind }]) => ({ key, title, help, required: key === "codes", kind })),
    configuration: [],
    facts: [{
      key: "first",
      title: text("Кто звонит первым", "Who rings first"),
      values: [{ value: "employee", title: text("сотрудник", "the employee") }, { value: "numbers", title: text("номера", "the numbers") }],
    }],
    purposes: [],
    reasons: Object.entries(REASONS).map(([code, [kind, , said]]) => ({ code, class: kind, text: said })),
  }),

  resolveCall(call, settings) {
    const [notes, facts] = [[], { first: null }];
    let route;
    try {
      route = resolve(call, settings, notes, facts);
    } catch (error) {
      // Whatever else is thrown is a mistake of this program: the host gives such a call a reason of its own.
      if (!(error instanceof Leave)) throw error;
      const [kind, status, said] = REASONS[error.message];
      const more = error.about ? `: ${error.about}` : "";
      route = { tag: "linked-operation", val: { code: error.message, class: kind, status, text: text(said.ru + more, said.en + more) } };
    }
    const value = facts.first && { tag: "text", val: facts.first };
    return { route, details: { waitingTime: 0, waited: 0, requests: [], facts: [{ key: "first", value }], notes } };
  },
};
