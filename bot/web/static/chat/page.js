// What the server told this page, and small ways to make elements. Text is always set as text, never as HTML.
export const page = JSON.parse(document.getElementById("page").textContent);
export const { texts } = page;
const rightToLeft = new Set(page.rtl);

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

export function direct(node, language) {
  node.lang = language;
  node.dir = rightToLeft.has(language) ? "rtl" : "ltr";
  return node;
}

export function phone(line) {
  return element("a", { href: `tel:${line.tel}` }, element("bdi", { dir: "ltr", textContent: line.number }));
}

export function languageName(code, reader) {
  try {
    return new Intl.DisplayNames([reader], { type: "language" }).of(code);
  } catch {
    return code;
  }
}
