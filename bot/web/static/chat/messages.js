// A message as elements: the same as templates/message.html.
import { direct, element, languageName, phone, texts } from "./page.js";

export function build(message) {
  const node = bubble(message);
  if (message.helplines?.length) node.append(helplines(message.helplines, message.language));
  if (message.note) node.append(element("p", { textContent: message.note }));
  if (message.link) {
    const link = element("a", { href: `/${message.language}${message.link}`, textContent: texts.form });
    // The other pages do not stand in a frame.
    if (document.body.classList.contains("framed")) link.target = "_blank";
    node.append(element("p", {}, link));
  }
  if (message.services?.length) node.append(cards(message.services));
  if (message.buttons?.length) node.append(quickReplies(message.buttons));
  return node;
}

function bubble(message) {
  const node = direct(element("div", { className: `message ${message.from} ${message.kind}` }), message.language);
  const words = element("p", { textContent: message.text });
  if (message.from === "person") words.dir = "auto";
  node.append(element("span", { className: "quiet", textContent: `${texts[message.from]}: ` }), words);
  return node;
}

function helplines(lines, language) {
  const list = element("ul", { className: "helplines" });
  for (const line of lines) {
    const spoken = line.languages?.map((code) => languageName(code, language)).join(", ");
    const about = [line.hours, spoken, line.note].filter(Boolean).join(" · ");
    list.append(element("li", {}, element("span", { textContent: `${line.name} ` }), phone(line),
      ...(about ? [element("small", { textContent: about })] : [])));
  }
  return list;
}

function cards(services) {
  const list = element("ul", { className: "cards" });
  for (const service of services) {
    const card = element("li", { className: "card" }, element("h2", { textContent: service.name }));
    if (service.name_fi) {
      const finnish = texts.finnish.replace("%(name)s", service.name_fi);
      card.append(element("p", { className: "finnish", textContent: finnish }));
    }
    card.append(element("p", { textContent: service.summary }));
    if (service.why?.length) card.append(element("p", { className: "why", textContent: service.why.join(" · ") }));
    if (service.phone) card.append(element("p", {}, phone(service.phone)));
    if (service.url) {
      const link = { href: service.url, rel: "noopener noreferrer", target: "_blank", textContent: texts.open };
      card.append(element("p", {}, element("a", link)));
    }
    list.append(card);
  }
  return list;
}

function quickReplies(buttons) {
  const row = element("div", { className: "quick" });
  for (const { title, payload } of buttons) {
    const made = element("button", { type: "button", textContent: title });
    made.value = JSON.stringify({ text: title, payload });
    row.append(made);
  }
  return row;
}
