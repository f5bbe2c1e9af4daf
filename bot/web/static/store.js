// What this tab remembers: gone with the tab, and an hour after the last use (a browser can open a closed tab again).
const IDLE = 60 * 60 * 1000;
const CONVERSATION = "conversation";
const storage = available();

function available() {
  try {
    sessionStorage.setItem("probe", "");
    sessionStorage.removeItem("probe");
    return sessionStorage;
  } catch {
    // A browser that keeps nothing for frames: the conversation lasts as long as the page.
    const kept = new Map();
    return {
      getItem: (name) => kept.get(name) ?? null,
      setItem: (name, value) => kept.set(name, value),
      removeItem: (name) => kept.delete(name),
      clear: () => kept.clear(),
    };
  }
}

// The conversation: {id, token, language, unsent: [{id, text, payload?}], used}.
export function recall() {
  try {
    const found = JSON.parse(storage.getItem(CONVERSATION));
    if (found && Date.now() - found.used < IDLE) return found;
  } catch {
    // Not ours: forgotten below.
  }
  storage.removeItem(CONVERSATION);
  return null;
}

export function remember(conversation) {
  storage.setItem(CONVERSATION, JSON.stringify({ ...conversation, used: Date.now() }));
}

export const forget = () => storage.removeItem(CONVERSATION);
export const forgetAll = () => storage.clear();
export const unread = () => Number(storage.getItem("unread")) || 0;
export const keepUnread = (count) => storage.setItem("unread", count);
export const isNeutral = () => storage.getItem("neutral") === "yes";
export const setNeutral = (wanted) => (wanted ? storage.setItem("neutral", "yes") : storage.removeItem("neutral"));
