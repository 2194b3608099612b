// Everything that the page says, in Russian and English. Reasons come from the calls themselves, which have both.

const TEXTS = {
  ru: {
    token: "Токен сервера", enter: "Войти", refused: "Сервер не принял этот токен.",
    on: "на связи", again: "связь потеряна, повторяем", off: "нет связи",
    state: "Состояние", reasons: "Чем закончились звонки", calls: "Звонки", close: "Закрыть",
    digits: "последние цифры", reason: "причина", employee: "сотрудник", filter: "Показать", older: "Более ранние", none: "Звонков нет.",
    time: "время", caller: "кто звонит", where: "куда", waited: "ожидание", source: "откуда", withheld: "скрыт", unreadable: "запись не читается",
    ms: "мс", cache: "из памяти", crm: "из amoCRM", noRequests: "Запросов не было", answer: "ответ", waitingTime: "время ожидания",
    turn: "ждал очереди", shared: "ответ общий с другим звонком", repeated: "отправлен ещё раз: соединение оборвалось", budget: "не отправлен: лимит запросов", circuit: "не отправлен: amoCRM просила паузу",
    component: "компонент", id: "идентификатор", operation: "операция", integration: "интеграция", status: "статус",
    integrationOn: "включена", integrationOff: "выключена: звонки идут в связанную операцию", circuitClosed: "запросы идут",
    circuitOpen: "запросы остановлены до", circuitHalf: "пробный запрос", waiting: "ждут очереди", perSecond: "запросов в секунду", alone: "лимит считается без других узлов: их хранилище не отвечает",
    inFlight: "звонков сейчас", kept: "сохранено", lost: "потеряно", failing: "Детализация не сохраняется", keeping: "Детализация сохраняется",
    shadow: "тень", forwarded: "переадресован", spans: { 900: "15 мин", 3600: "1 ч", 86400: "24 ч", 604800: "7 дн" }, nothing: "За это время звонков не было.",
    calling: "Звонок", to: "English", saw: "Что видела АТС", step: "Шаг", unanswered: "никто не ответил", linkedOperation: "связанная операция", s: "с", answeredBy: "Ответили", nobody: "Не ответил никто",
    answered: "ответ", busy: "занято", "no-answer": "нет ответа", declined: "звонок отклонён", unavailable: "телефон недоступен", "caller-gone": "звонящий положил трубку", failed: "сбой",
  },
  en: {
    token: "The server's token", enter: "Enter", refused: "The server does not take this token.",
    on: "live", again: "connection lost, trying again", off: "not connected",
    state: "State", reasons: "How calls ended", calls: "Calls", close: "Close",
    digits: "last digits", reason: "reason", employee: "employee", filter: "Show", older: "Earlier ones", none: "No calls.",
    time: "time", caller: "caller", where: "where to", waited: "waited", source: "from", withheld: "withheld", unreadable: "the record cannot be read",
    ms: "ms", cache: "cache", crm: "amoCRM", noRequests: "No requests", answer: "answer", waitingTime: "waiting time",
    turn: "waited for its turn", shared: "answer shared with another call", repeated: "sent again: the connection broke", budget: "not sent: the rate budget", circuit: "not sent: the circuit is open",
    component: "component", id: "identifier", operation: "operation", integration: "integration", status: "status",
    integrationOn: "on", integrationOff: "off: calls go to the linked operation", circuitClosed: "requests go out",
    circuitOpen: "requests stopped until", circuitHalf: "one request tries", waiting: "waiting for their turn", perSecond: "requests a second", alone: "counted without the other nodes: their store does not answer",
    inFlight: "calls now", kept: "kept", lost: "lost", failing: "Call details are not kept", keeping: "Call details are kept",
    shadow: "shadow", forwarded: "forwarded", spans: { 900: "15 min", 3600: "1 h", 86400: "24 h", 604800: "7 d" }, nothing: "No calls in this time.",
    calling: "Call", to: "Русский", saw: "What the PBX saw", step: "Step", unanswered: "nobody answered", linkedOperation: "linked operation", s: "s", answeredBy: "Answered by", nobody: "Answered by nobody",
    answered: "answered", busy: "busy", "no-answer": "no answer", declined: "declined", unavailable: "no telephone there", "caller-gone": "the caller hung up", failed: "failed",
  },
};

let language = localStorage.getItem("language") ?? (navigator.language.startsWith("ru") ? "ru" : "en");

/** The language in use: `ru` or `en`. */
export const lang = () => language;

/** What the page says under this key. */
export const say = (key) => TEXTS[language][key] ?? key;

/** Changes to the other language. */
export function change() {
  language = language === "ru" ? "en" : "ru";
  localStorage.setItem("language", language);
}

/** Writes the fixed texts of the document. */
export function label() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = say(element.dataset.text);
}

/** A point in time in this browser's zone. */
export const moment = (text, options = { dateStyle: "short", timeStyle: "medium" }) =>
  new Intl.DateTimeFormat(language, options).format(new Date(text));
