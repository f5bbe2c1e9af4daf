// Quick exit: the button, or Shift three times. Erases the conversation here and on the server, leaves no way back to
// this page. And the neutral dress: a title and an icon that tell nothing.
import { forgetAll, isNeutral, recall } from "./store.js";

const link = document.getElementById("exit");
const icon = document.querySelector('link[rel="icon"]');
const own = { title: document.title, icon: icon.href };
let go = (address) => window.location.replace(address);
let presses = [];

export const setExit = (other) => (go = other);

export function dress() {
  document.title = isNeutral() ? link.dataset.neutralTitle : own.title;
  icon.href = isNeutral() ? icon.dataset.neutral : own.icon;
}

export function leave() {
  const conversation = recall();
  forgetAll();
  document.title = link.dataset.neutralTitle;
  document.body.replaceChildren();
  if (conversation) {
    fetch(`/api/v1/conversations/${conversation.id}`, {
      method: "DELETE",
      headers: { Authorization: `Bearer ${conversation.token}` },
      keepalive: true,
    }).catch(() => {});
  }
  go(link.href);
}

link.addEventListener("click", (event) => {
  event.preventDefault();
  leave();
});

document.addEventListener("keyup", (event) => {
  const now = Date.now();
  presses = event.key === "Shift" ? [...presses.filter((at) => now - at < 1500), now] : [];
  if (presses.length >= 3) leave();
});

dress();
