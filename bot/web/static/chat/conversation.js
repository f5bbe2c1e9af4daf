// One conversation a tab: starting it with the first message, sending in order, resuming, following its events.
import { call } from "./api.js";
import * as log from "./log.js";
import { page, texts } from "./page.js";
import { follow } from "./stream.js";
import * as store from "../store.js";

const offline = document.getElementById("offline");
let conversation = null;
let unfollow = null;
let queue = Promise.resolve();

export const current = () => conversation;
const lastOf = (messages) => messages[messages.length - 1]?.id;
const language = () => conversation?.language ?? page.language;

function keep(changes) {
  conversation = { unsent: [], ...conversation, ...changes };
  store.remember(conversation);
  document.body.classList.add("talking"); // how it is stored was said before the first message
}

export function connected(is) {
  const text = is ? "" : texts.noConnection;
  if (offline.textContent !== text) offline.textContent = text;
}

function listen(last) {
  unfollow?.();
  unfollow = follow(conversation, last, {
    open: () => connected(true),
    lost: () => connected(false),
    gone: ended,
    event(kind, data) {
      if (kind === "message") {
        log.receive(data);
        if (data.language !== conversation.language) keep({ language: data.language });
      } else if (kind === "typing") log.setTyping(data.active ? data.from : null);
      else if (kind === "status" && data.status === "erased") ended();
    },
  });
}

function ended() {
  if (!conversation) return;
  leave();
  log.startAgain(texts.gone);
}

function leave() {
  unfollow?.();
  unfollow = null;
  conversation = null;
  document.body.classList.remove("talking");
  store.forget();
  log.setTyping(null);
}

export async function resume() {
  const posted = page.conversation;
  const stored = store.recall();
  if (posted) keep({ ...posted, unsent: stored?.id === posted.id ? stored.unsent : [] });
  else if (stored) conversation = stored;
  else return;
  try {
    const found = await call("GET", `/conversations/${conversation.id}`, { conversation, language: language() });
    // The page was opened in another language: the conversation follows, and loses nothing.
    if (location.pathname.length > 1 && found.language !== page.language && !posted) {
      const body = { language: page.language };
      await call("PATCH", `/conversations/${conversation.id}`, { conversation, language: page.language, body });
      found.language = page.language;
    }
    keep({ language: found.language });
    log.resume(found.messages);
    offerUnsent(found.messages);
    listen(lastOf(found.messages));
  } catch (error) {
    if (error.status === 404) {
      leave();
      log.note(texts.gone);
    } else if (!error.status) {
      connected(false);
      window.addEventListener("online", resume, { once: true });
    }
  }
}

// What was written but not answered when the page went away: an answered one is done, the others can be sent again.
function offerUnsent(messages) {
  const answered = (id) => {
    const at = messages.findIndex((each) => each.client_id === id);
    return at >= 0 && messages.slice(at + 1).some((each) => each.from !== "person");
  };
  const left = conversation.unsent.filter((each) => !answered(each.id));
  keep({ unsent: left });
  for (const message of left) {
    const node = log.showMine(message, language());
    log.fail(node, texts.offline, () => enqueue(message, node));
  }
}

async function ensure() {
  if (conversation) return;
  const body = { language: page.language, municipality: page.place ?? undefined };
  const made = await call("POST", "/conversations", { language: page.language, body });
  keep({ id: made.id, token: made.token, language: made.language });
  log.know(made.messages);
  listen(lastOf(made.messages));
}

export function send(words) {
  const message = { id: newId(), ...words };
  enqueue(message, log.showMine(message, language()));
}

function enqueue(message, node) {
  queue = queue.then(() => deliver(message, node));
}

async function deliver(message, node) {
  try {
    await ensure();
    keep({ unsent: [...conversation.unsent.filter((each) => each.id !== message.id), message] });
    log.setTyping("bot");
    const answer = await call("POST", `/conversations/${conversation.id}/messages`, {
      conversation, language: language(), body: message,
    });
    done(message);
    connected(true);
    log.settle(node);
    keep({ language: answer.language });
    answer.messages.forEach((each) => log.receive(each));
    // Reading begins at the person's own words; the answer follows below them.
    node.scrollIntoView({ block: "start" });
  } catch (error) {
    if (error.status === 404) {
      leave();
      log.note(texts.gone);
    }
    if (!error.status) connected(false);
    log.fail(node, error.status ? error.message : texts.offline, () => enqueue(message, node));
  } finally {
    log.setTyping(null);
  }
}

function done(message) {
  keep({ unsent: conversation.unsent.filter((each) => each.id !== message.id) });
}

export async function erase() {
  if (conversation) {
    await call("DELETE", `/conversations/${conversation.id}`, { conversation, language: language() });
    leave();
  }
  log.startAgain(texts.erased);
}

function newId() {
  return crypto.randomUUID?.() ?? `m-${Date.now()}-${Math.random().toString(16).slice(2)}`;
}
