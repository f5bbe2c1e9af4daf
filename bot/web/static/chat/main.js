// The chat page: the server's first view works without this; here it becomes a conversation without reloads.
import * as conversation from "./conversation.js";
import { connect } from "./frame.js";
import { isPosted, onArrival } from "./log.js";
import { showMenu } from "./menu.js";
import { arrived, seen } from "./unread.js";

const composer = document.getElementById("composer");
const field = document.getElementById("text");

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.submitter?.name === "say") return;
  const text = field.value.trim();
  if (!text) return;
  field.value = "";
  conversation.send({ text });
});
field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    composer.requestSubmit();
  }
});
document.getElementById("log").addEventListener("click", (event) => {
  const button = event.target.closest(".quick:not(.again) button");
  if (!button) return;
  event.preventDefault();
  if (button.getAttribute("aria-pressed")) return;
  button.setAttribute("aria-pressed", "true");
  conversation.send(JSON.parse(button.value));
});
window.addEventListener("offline", () => conversation.connected(false));
window.addEventListener("online", () => conversation.connected(true));
onArrival(arrived);
showMenu();
connect();
if (window.parent === window && !document.hidden) seen();
conversation.resume().finally(() => {
  // A page that came as the answer to a form would ask to send the form again at every reload.
  if (isPosted()) window.history.replaceState(null, "", window.location.href);
});
