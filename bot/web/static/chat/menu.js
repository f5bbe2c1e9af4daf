// The menu that is always there, and saving, printing and erasing.
import { transcript } from "./api.js";
import * as conversation from "./conversation.js";
import { element } from "./page.js";
import { isNeutral, setNeutral } from "../store.js";
import { dress } from "../exit.js";

const menu = document.getElementById("menu");
const ask = document.getElementById("ask");

async function save() {
  const current = conversation.current();
  if (!current) return;
  const address = URL.createObjectURL(await transcript(current));
  // A name that tells nothing to who else uses the device.
  element("a", { href: address, download: "text.txt" }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

function erase() {
  ask.returnValue = "no";
  ask.showModal();
}

ask.addEventListener("close", async () => {
  document.querySelector("#menu summary").focus();
  if (ask.returnValue !== "yes") return;
  try {
    await conversation.erase();
  } catch {
    conversation.connected(false);
  }
});

function neutral(button) {
  setNeutral(!isNeutral());
  button.setAttribute("aria-pressed", String(isNeutral()));
  dress();
}

const actions = { save, erase, neutral, print: () => window.print() };

export function showMenu() {
  menu.hidden = false;
  menu.querySelector('[data-do="neutral"]').setAttribute("aria-pressed", String(isNeutral()));
  menu.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const { say, do: action } = button.dataset;
    if (say) conversation.send({ text: button.textContent, payload: say });
    else actions[action](button);
    if (action !== "neutral") close(menu.querySelector("details"), action !== "erase");
  });
  for (const details of document.querySelectorAll(".drop details")) {
    details.addEventListener("keydown", (event) => event.key === "Escape" && close(details, true));
  }
  document.addEventListener("click", (event) => {
    for (const open of document.querySelectorAll(".drop details[open]")) if (!open.contains(event.target)) open.open = false;
  });
}

function close(details, focus) {
  if (!details.open) return;
  details.open = false;
  if (focus) details.querySelector("summary").focus();
}
