// In a frame on another site: closing, unread messages and the quick exit go through a private channel to widget.js.
// Nothing that was said goes there.
import { setExit, leave } from "../exit.js";
import { seen, watch } from "./unread.js";

let port = null;
let open = true;

export function connect() {
  if (window.parent === window) return;
  window.addEventListener("message", (event) => {
    if (port || event.source !== window.parent || event.data !== "pyyda-apua" || !event.ports[0]) return;
    port = event.ports[0];
    port.onmessage = ({ data }) => {
      if (data === "leave") leave();
      if (data === "open" || data === "closed") {
        open = data === "open";
        if (open) seen();
      }
    };
    port.postMessage({ kind: "ready" });
    const close = document.getElementById("close");
    close.hidden = false;
    close.addEventListener("click", () => port.postMessage({ kind: "close" }));
    document.addEventListener("keydown", (press) => {
      if (press.key === "Escape" && !document.querySelector("dialog[open], details[open]")) port.postMessage({ kind: "close" });
    });
    setExit((address) => port.postMessage({ kind: "exit", address }));
    watch({ isAway: () => document.hidden || !open, tell: (count) => port.postMessage({ kind: "unread", count }) });
  });
}
