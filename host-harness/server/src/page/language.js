// Russian or English: texts, times and lengths of time, as this browser's person reads them.

import ENGLISH from "./english.js";
import RUSSIAN from "./russian.js";

const TEXTS = { ru: RUSSIAN, en: ENGLISH };
const KEPT = "language";
const wished = navigator.languages?.length ? navigator.languages : [navigator.language];

let language = localStorage.getItem(KEPT) ?? (wished[0].startsWith("ru") ? "ru" : "en");
document.documentElement.lang = language;

/** The language in use: `ru` or `en`. */
export const lang = () => language;

/** Changes to the other language. */
export function changeLanguage() {
  language = language === "ru" ? "en" : "ru";
  localStorage.setItem(KEPT, language);
  document.documentElement.lang = language;
}

/** What the page says under this key; some texts take values. */
export function say(key, ...values) {
  const text = TEXTS[language][key];
  return typeof text === "function" ? text(...values) : text ?? key;
}

/** Whether the page has words for this key. */
export const known = (key) => key in TEXTS[language];

/** A text that comes in both languages. */
export const local = (text) => text?.[language] ?? "";

/** A text as a sentence begins; amoCRM is spelt like that everywhere. */
export const sentence = (text) => (text.startsWith("amoCRM") ? text : text.charAt(0).toUpperCase() + text.slice(1));

/** The form of a word that goes with a number: `["звонок", "звонка", "звонков"]`, `["call", "calls"]`. */
export function counted(number, forms) {
  const form = new Intl.PluralRules(language).select(number);
  const place = language === "ru" ? { one: 0, few: 1 }[form] ?? 2 : form === "one" ? 0 : 1;
  return `${number} ${forms[place]}`;
}

/** How dates are written: as in the browser's own variety of the language, British English where it has none. */
const locale = () => wished.find((one) => one.startsWith(language)) ?? (language === "ru" ? "ru-RU" : "en-GB");
/** `en` alone is American to a browser. */
const precise = () => (locale() === "en" ? "en-GB" : locale());

function dated(time, options) {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? `${time}` : new Intl.DateTimeFormat(precise(), options).format(date);
}

/** A point in time, in this browser's zone. */
export const moment = (time) => dated(time, { dateStyle: "short", timeStyle: "medium" });
/** Its time of day. */
export const timeOfDay = (time) => dated(time, { timeStyle: "medium" });
/** Its day. */
export const day = (time) => dated(time, { dateStyle: "short" });

/** Today's times without the day, others with it. */
export const recent = (time) => (new Date(time).toDateString() === new Date().toDateString() ? timeOfDay(time) : moment(time));

/** A length of time in words: `700 мс`, `2,5 с`, `1 мин 20 с`. */
export function duration(milliseconds) {
  const number = (value) => new Intl.NumberFormat(precise(), { maximumFractionDigits: 1 }).format(value);
  if (milliseconds < 1_000) return `${number(milliseconds)} ${say("ms")}`;
  if (milliseconds < 60_000) return `${number(milliseconds / 1_000)} ${say("s")}`;
  const parts = [
    [Math.floor(milliseconds / 3_600_000), "h"],
    [Math.floor(milliseconds / 60_000) % 60, "min"],
    [Math.round(milliseconds / 1_000) % 60, "s"],
  ];
  return parts.filter(([count]) => count).map(([count, unit]) => `${count} ${say(unit)}`).join(" ");
}
