/* The staff desk's live updates and keyboard shortcuts. Every page works without this script. */
"use strict";
(() => {
  const OFF = "staff-keys-off";

  // --- live: the server says that something changed, the page asks for itself anew and puts the part in its place.
  const live = document.getElementById("live");
  let asking = false, again = false;

  const renew = async () => {
    if (asking) { again = true; return; }
    asking = true;
    try {
      const answer = await fetch(location.href, { headers: { "X-Live": "1" }, credentials: "same-origin" });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const here = document.activeElement && document.activeElement.closest("#live, .tabs, .marks")
        ? document.activeElement.getAttribute("href") : null;
      for (const place of ["#live", ".tabs", ".marks"]) {
        const old = document.querySelector(place), fresh = page.querySelector(place);
        if (old && fresh) old.replaceChildren(...fresh.childNodes);
      }
      if (here) [...document.querySelectorAll("main a")].find((a) => a.getAttribute("href") === here)?.focus();
      const said = document.getElementById("renewed");
      if (said) { said.textContent = ""; said.textContent = said.dataset.text; }
    } finally {
      asking = false;
      if (again) { again = false; renew(); }
    }
  };
  if (live) new EventSource(live.dataset.events).addEventListener("changed", renew);

  const reading = document.getElementById("reading");
  if (reading) {
    const source = new EventSource(reading.dataset.events);
    source.addEventListener("readers", (event) => {
      const names = JSON.parse(event.data);
      reading.textContent = names.length ? reading.dataset.text.replace("NAMES", names.join(", ")) : "";
    });
    // What is being typed must not be lost: the page says that it is old and leaves the rest to the worker.
    source.addEventListener("changed", () => { document.getElementById("stale").hidden = false; });
    addEventListener("pagehide", () => source.close());
  }

  // --- a ready answer shows what the family will read.
  const canned = document.getElementById("canned"), preview = document.getElementById("canned-preview");
  if (canned && preview) {
    const show = () => { preview.textContent = canned.selectedOptions[0].dataset.text || ""; };
    canned.addEventListener("change", show);
    show();
  }

  // --- keyboard shortcuts, with an overlay; they can be switched off (WCAG 2.1.4).
  const dialog = document.getElementById("keys");
  if (!dialog) return;
  const button = document.getElementById("show-keys"), use = document.getElementById("use-keys");
  button.hidden = false;
  button.addEventListener("click", () => dialog.showModal());
  use.checked = localStorage.getItem(OFF) !== "1";
  use.addEventListener("change", () => use.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1"));

  const move = (step) => {
    const links = [...document.querySelectorAll(".list tbody th a")];
    if (!links.length) return;
    const now = links.indexOf(document.activeElement);
    links[now < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, now + step))].focus();
  };
  const go = (selector) => { const found = document.querySelector(selector); if (found) { found.scrollIntoView({ block: "center" }); found.focus(); } };
  const keys = {
    j: () => move(1),
    k: () => move(-1),
    "/": () => go("#words"),
    i: () => location.assign("/staff"),
    t: () => go("#take"),
    c: () => go("#how-phone"),
    a: () => go("#canned"),
    n: () => go("#note-text"),
    "?": () => dialog.showModal(),
  };
  addEventListener("keydown", (event) => {
    if (!use.checked || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || dialog.open) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const act = keys[event.key];
    if (act) { event.preventDefault(); act(); }
  });
})();
