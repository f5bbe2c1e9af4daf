// The chat: one conversation a tab. Text is set as text, never as HTML. A message that was not sent can be sent again
// with the same id, so that it is answered once.
const { language: pageLanguage, texts } = JSON.parse(document.getElementById("texts").textContent);
const log = document.getElementById("log");
const typing = document.getElementById("typing");
const composer = document.getElementById("composer");
const field = document.getElementById("text");
const pinned = document.getElementById("pinned");
const STORE = "conversation";
const RTL = new Set(["ar", "fa", "ckb"]);
const shown = new Set();
let conversation = null;
let queue = Promise.resolve();

const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};
const direct = (node, code) => {
  node.lang = code;
  node.dir = RTL.has(code) ? "rtl" : "ltr";
  return node;
};
const phone = (line) => {
  const number = element("bdi", { dir: "ltr", textContent: line.number });
  return element("a", { href: line.tel }, number);
};

async function call(method, path, body) {
  const headers = { "Accept-Language": conversation?.language ?? pageLanguage };
  if (body) headers["Content-Type"] = "application/json";
  if (conversation) headers.Authorization = `Bearer ${conversation.token}`;
  const answer = await fetch(`/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
  const value = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw Object.assign(new Error(value?.detail ?? answer.statusText), { status: answer.status });
  return value;
}

function remember(value) {
  conversation = value;
  sessionStorage.setItem(STORE, JSON.stringify(value));
}

async function start() {
  composer.hidden = false;
  document.getElementById("menu").hidden = false;
  const stored = sessionStorage.getItem(STORE);
  if (!stored) return;
  try {
    conversation = JSON.parse(stored);
    const found = await call("GET", `/conversations/${conversation.id}`);
    // The page was opened in another language: the conversation follows, and loses nothing.
    if (location.pathname.length > 1 && found.language !== pageLanguage) {
      await call("PATCH", `/conversations/${conversation.id}`, { language: pageLanguage });
      found.language = pageLanguage;
    }
    remember({ ...conversation, language: found.language });
    log.replaceChildren();
    found.messages.forEach(show);
  } catch (error) {
    if (error.status !== 404) return;
    sessionStorage.removeItem(STORE);
    conversation = null;
    note(texts.gone);
  }
}

async function ensure() {
  if (conversation) return;
  const made = await call("POST", "/conversations", { language: pageLanguage });
  remember({ id: made.id, token: made.token, language: made.language });
  log.querySelectorAll("[data-greeting]").forEach((node) => node.remove());
  made.messages.forEach(show);
}

function languageName(code) {
  try {
    return new Intl.DisplayNames([conversation?.language ?? pageLanguage], { type: "language" }).of(code);
  } catch {
    return code;
  }
}

function note(text) {
  log.append(direct(element("div", { className: "message bot notice" }, element("p", { textContent: text })), pageLanguage));
}

function helplines(lines) {
  const list = element("ul", { className: "helplines" });
  for (const line of lines) {
    const about = [line.hours, line.languages?.map(languageName).join(", ")].filter(Boolean).join(" · ");
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
      card.append(element("p", { className: "finnish", textContent: texts.finnish.replace("%(name)s", service.name_fi) }));
    }
    card.append(element("p", { textContent: service.summary }));
    if (service.why?.length) card.append(element("p", { className: "why", textContent: service.why.join(" · ") }));
    if (service.phone) card.append(element("p", {}, phone(service.phone)));
    if (service.url) {
      card.append(element("p", {}, element("a", { href: service.url, rel: "noopener noreferrer", target: "_blank", textContent: texts.open })));
    }
    list.append(card);
  }
  return list;
}

function show(message) {
  if (shown.has(message.id)) return;
  shown.add(message.id);
  const node = direct(element("div", { className: `message ${message.from} ${message.kind}` }), message.language);
  node.append(element("span", { className: "quiet", textContent: `${texts[message.from]}: ` }));
  node.append(element("p", { dir: message.from === "person" ? "auto" : "", textContent: message.text }));
  if (message.helplines?.length) node.append(helplines(message.helplines));
  if (message.note) node.append(element("p", { textContent: message.note }));
  if (message.link) node.append(element("p", {}, element("a", { href: `/${message.language}${message.link}`, textContent: document.querySelector('.bottom a[href$="/request"]').textContent })));
  if (message.services?.length) node.append(cards(message.services));
  if (message.buttons?.length) node.append(quick(message.buttons));
  log.append(node);
  if (message.kind === "safety" && message.category !== "human") pin(message);
}

function pin(message) {
  const first = message.helplines?.[0];
  if (!first) return;
  pinned.replaceChildren(element("span", { textContent: `${first.name}: ` }), phone(first));
  pinned.hidden = false;
}

function quick(buttons) {
  const row = element("div", { className: "quick" });
  for (const each of buttons) {
    const made = element("button", { type: "button", textContent: each.title });
    made.addEventListener("click", () => {
      if (made.getAttribute("aria-pressed")) return;
      made.setAttribute("aria-pressed", "true");
      send({ text: each.title, payload: each.payload });
    });
    row.append(made);
  }
  return row;
}

function send(message) {
  const mine = { id: crypto.randomUUID?.() ?? `m-${Date.now()}-${Math.random().toString(16).slice(2)}`, ...message };
  queue = queue.then(() => deliver(mine));
}

async function deliver(message, node = null) {
  let bubble = node;
  try {
    await ensure();
    if (!bubble) {
      bubble = direct(element("div", { className: "message person text" },
        element("span", { className: "quiet", textContent: `${texts.you}: ` }),
        element("p", { dir: "auto", textContent: message.text })), conversation.language);
      log.append(bubble);
      bubble.scrollIntoView({ block: "nearest" });
    }
    typing.textContent = texts.typing;
    const answer = await call("POST", `/conversations/${conversation.id}/messages`, message);
    bubble.classList.remove("failed");
    bubble.querySelector("button")?.remove();
    remember({ ...conversation, language: answer.language });
    answer.messages.forEach(show);
    // Reading begins at the person's own words; the answer follows below them.
    bubble.scrollIntoView({ block: "start" });
  } catch (error) {
    if (!bubble) {
      bubble = element("div", { className: "message person text" }, element("p", { dir: "auto", textContent: message.text }));
      log.append(bubble);
    }
    if (error.status === 404) {
      sessionStorage.removeItem(STORE);
      conversation = null;
      note(texts.gone);
    }
    failed(bubble, message, error);
  } finally {
    typing.textContent = "";
  }
}

function failed(bubble, message, error) {
  bubble.classList.add("failed");
  bubble.querySelector(".quick")?.remove();
  const again = element("button", { type: "button", textContent: texts.again });
  const row = element("div", { className: "quick" }, element("span", { textContent: error.status ? error.message : texts.offline }), again);
  again.addEventListener("click", () => {
    row.remove();
    queue = queue.then(() => deliver(message, bubble));
  });
  bubble.append(row);
}

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = field.value.trim();
  if (!text) return;
  field.value = "";
  send({ text });
});
field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    composer.requestSubmit();
  }
});
for (const button of document.querySelectorAll("[data-say]")) {
  button.addEventListener("click", () => send({ text: button.textContent, payload: button.dataset.say }));
}
document.getElementById("erase").addEventListener("click", async () => {
  if (!conversation || !confirm(texts.erase)) return;
  await call("DELETE", `/conversations/${conversation.id}`);
  sessionStorage.removeItem(STORE);
  conversation = null;
  shown.clear();
  pinned.hidden = true;
  log.replaceChildren();
  note(texts.erased);
});
document.getElementById("save").addEventListener("click", async () => {
  if (!conversation) return;
  const answer = await fetch(`/api/v1/conversations/${conversation.id}/transcript?format=txt`, {
    headers: { Authorization: `Bearer ${conversation.token}` },
  });
  const link = element("a", { href: URL.createObjectURL(await answer.blob()), download: "pyyda-apua.txt" });
  link.click();
});
start();
