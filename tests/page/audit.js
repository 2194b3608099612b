// What is wrong with the page for people who cannot see it well, hear it, or touch it with a finger. Gives a list of sentences.

const wrong = [];
const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && element.getClientRects().length > 0 && !element.closest("[inert]");
const name = (element) => `<${element.localName}${element.id && ` id=${element.id}`} class="${element.className?.baseVal ?? element.className}"> ${element.textContent.trim().slice(0, 40)}`;
const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);

// Names.
const text = (id) => document.getElementById(id)?.textContent.trim() ?? "";
const called = (element) =>
  element.getAttribute("aria-label") || (element.getAttribute("aria-labelledby") ?? "").split(" ").map(text).join("") ||
  [...(element.labels ?? [])].map((label) => label.textContent.trim()).join("") || (["BUTTON", "A", "SUMMARY"].includes(element.tagName) && element.textContent.trim());
for (const element of all("button, a[href], summary, input, select, textarea, [role=dialog], section")) if (!called(element)) wrong.push(`without a name: ${name(element)}`);
for (const attribute of ["for", "aria-labelledby", "aria-describedby"]) {
  for (const element of all(`[${attribute}]`)) {
    for (const id of element.getAttribute(attribute).split(" ")) if (!document.getElementById(id)) wrong.push(`${attribute} leads nowhere: ${name(element)}`);
  }
}
const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
for (const id of new Set(ids)) if (ids.filter((other) => other === id).length > 1) wrong.push(`an id is there twice: ${id}`);
if (document.querySelectorAll("main").length !== 1) wrong.push("there is not one main part");
if (document.querySelectorAll("h1").length !== 1) wrong.push("there is not one title");
let before = 1;
for (const heading of all("h1, h2, h3, h4")) {
  const level = Number(heading.tagName[1]);
  if (level > before + 1) wrong.push(`a level of titles is left out: ${name(heading)}`);
  before = level;
}
for (const element of all("[tabindex]")) if (Number(element.getAttribute("tabindex")) > 0) wrong.push(`out of the order: ${name(element)}`);
if (!["ru", "en"].includes(document.documentElement.lang)) wrong.push("no language");

// Contrast of every text against what is behind it.
const parts = (colour) => {
  const [red, green, blue, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
  return { rgb: [red, green, blue], alpha };
};
const luminance = (rgb) => {
  const [red, green, blue] = rgb.map((value) => value / 255).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const behind = (element) => {
  for (let one = element; one; one = one.parentElement) {
    const { rgb, alpha } = parts(getComputedStyle(one).backgroundColor);
    if (alpha === 1) return rgb;
    if (alpha > 0) wrong.push(`a ground that is seen through: ${name(one)}`);
  }
  return [255, 255, 255];
};
let measured = 0;
const measure = (element) => {
  const { rgb, alpha } = parts(getComputedStyle(element).color);
  const [light, dark] = [luminance(rgb), luminance(behind(element))].sort((one, other) => other - one);
  const contrast = (light + 0.05) / (dark + 0.05);
  measured += 1;
  if (alpha < 1 || contrast < 4.5) wrong.push(`contrast ${contrast.toFixed(2)}: ${name(element)}`);
};
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement;
  if (texts.currentNode.data.trim() && shown(element) && !element.closest(":disabled, option, noscript")) measure(element);
}
all("input:enabled, select:enabled, textarea:enabled").forEach(measure);
if (measured < 5) wrong.push(`only ${measured} texts were measured`);

// Texts do not lie over bars, and nothing is to be scrolled sideways.
for (const track of all(".track")) {
  const bar = track.getBoundingClientRect();
  for (const said of all(".timeline p, .legs p")) {
    const box = said.getBoundingClientRect();
    if (box.left < bar.right && box.right > bar.left && box.top < bar.bottom - 1 && box.bottom > bar.top + 1) wrong.push(`over a bar: ${name(said)}`);
  }
}
const wide = document.documentElement;
if (wide.scrollWidth > wide.clientWidth) wrong.push(`${wide.scrollWidth - wide.clientWidth} pixels are off the side`);

// On a telephone everything that is touched is large enough, and text too.
if (innerWidth < 500) {
  for (const element of all("button, .button, select, summary, nav a, .row, .rows a, .legend a, input:not([type=checkbox]), .check label")) {
    const { width, height } = element.getBoundingClientRect();
    if (height < 40 || width < 40) wrong.push(`${Math.round(width)} × ${Math.round(height)} pixels to touch: ${name(element)}`);
  }
  for (const element of all("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (own && parseFloat(getComputedStyle(element).fontSize) < 12) wrong.push(`text of ${getComputedStyle(element).fontSize}: ${name(element)}`);
  }
}
return wrong;
