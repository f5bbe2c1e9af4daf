// The conversation on the screen. Every message stands there once, whichever way it came.
import { build } from "./messages.js";
import { direct, element, page, phone, texts } from "./page.js";

const log = document.getElementById("log");
const pinned = document.getElementById("pinned");
const typing = document.getElementById("typing");
const firstView = [...log.children].map((node) => node.cloneNode(true));
const bubbles = new Map(); // by the client's id of a message
const known = new Set(); // ids of messages
let arrived = () => {};

export const onArrival = (told) => (arrived = told);
export const isPosted = () => log.hasAttribute("data-posted");

// Shows what the person wrote before anybody has answered; the same id is shown once.
export function showMine(message, language) {
  let node = bubbles.get(message.id);
  if (node) return node;
  node = build({ ...message, from: "person", kind: "text", language });
  bubbles.set(message.id, node);
  log.append(node);
  node.scrollIntoView({ block: "nearest" });
  return node;
}

// Takes a message from the server; one that was there before is no news.
export function receive(message, news = true) {
  if (known.has(message.id)) return;
  known.add(message.id);
  const mine = message.client_id && bubbles.get(message.client_id);
  if (mine) {
    mine.dataset.at = message.at;
    mine.dataset.saved = "";
    return;
  }
  if (message.from !== "person") settleSaved();
  const node = build(message);
  node.dataset.at = message.at;
  if (message.client_id) bubbles.set(message.client_id, node);
  const atEnd = window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 80;
  // Two ways in: what was said earlier stands earlier.
  log.insertBefore(node, [...log.children].find((other) => other.dataset.at > message.at) ?? null);
  if (message.kind === "safety" && message.category !== "human") pin(message);
  if (news && message.from !== "person") arrived(message);
  if (message.from === "staff" && atEnd) node.scrollIntoView({ block: "nearest" });
}

// What the page knows already without showing it again: the greeting stands there from the first view.
export const know = (messages) => messages.forEach((each) => known.add(each.id));

// The whole conversation after a reload: read when the person reads, not announced as news.
export function resume(messages) {
  log.setAttribute("aria-live", "off");
  clear();
  messages.forEach((each) => receive(each, false));
  window.scrollTo(0, document.documentElement.scrollHeight);
  setTimeout(() => log.setAttribute("aria-live", "polite"), 500);
}

export function clear() {
  known.clear();
  bubbles.clear();
  pinned.hidden = true;
  log.replaceChildren();
}

export function startAgain(text) {
  clear();
  if (text) note(text);
  log.append(...firstView.map((node) => node.cloneNode(true)));
}

export function note(text) {
  const node = element("div", { className: "message bot notice" }, element("p", { textContent: text }));
  log.append(direct(node, page.language));
}

export function setTyping(who) {
  const text = { bot: texts.typing, staff: texts.staffTyping }[who] ?? "";
  if (typing.textContent !== text) typing.textContent = text;
}

// The message did not get through: says why, and offers to send it again.
export function fail(node, reason, again) {
  settle(node);
  node.classList.add("failed");
  const button = element("button", { type: "button", textContent: texts.again });
  const row = element("div", { className: "quick again" }, element("span", { textContent: reason }), button);
  button.addEventListener("click", () => {
    settle(node);
    document.getElementById("text").focus();
    again();
  });
  node.append(row);
  node.scrollIntoView({ block: "nearest" });
}

export function settle(node) {
  node.classList.remove("failed");
  node.querySelector(".again")?.remove();
}

// An answer came another way than the question went: the question did get through.
function settleSaved() {
  for (const node of bubbles.values()) if ("saved" in node.dataset) settle(node);
}

function pin(message) {
  const first = message.helplines?.[0];
  if (!first) return;
  pinned.replaceChildren(element("span", { textContent: `${first.name}: ` }), phone(first));
  direct(pinned, message.language);
  pinned.hidden = false;
}
