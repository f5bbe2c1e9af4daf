// The button "Pyydä apua" for any site:
//   <script src="https://…/widget.js" data-language="auto" data-municipality="Kuusamo" data-label="help" async></script>
// It stands in a closed shadow root: the site's styles do not reach it. The chat is a frame of another origin: the
// site's scripts cannot read it. Between the two goes a private channel that carries no words of the conversation.
(() => {
  const config = __CONFIG__;
  const script = document.currentScript;
  if (!script || document.querySelector("pyyda-apua")) return;
  const home = new URL(script.src).origin;
  const { language: wanted = "auto", municipality = "", label = config.label } = script.dataset;
  const code = (wanted === "auto" ? document.documentElement.lang || navigator.language : wanted).slice(0, 3).split("-")[0];
  const language = code in config.words ? code : config.language;
  const words = config.words[language];
  const OPENED = "pyyda-apua"; // says only that the chat was used in this tab, so that it is there on the next page

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { all: initial !important; position: fixed !important; inset-block-end: 1rem !important; inset-inline-end: 1rem !important; z-index: 2147483000 !important; display: block !important; visibility: visible !important; opacity: 1 !important; transform: none !important; color-scheme: light dark; font: 600 17px/1.35 system-ui, "Segoe UI", Roboto, "Noto Sans", "Noto Sans Arabic", sans-serif; }
    [hidden] { display: none !important; }
    .open { font: inherit; color: #fff; background: #17575e; border: 2px solid #fff; border-radius: 2rem; padding: 0.7rem 1.2rem; min-height: 48px; cursor: pointer; box-shadow: 0 3px 14px rgb(0 0 0 / 35%); }
    button:focus-visible, a:focus-visible, iframe:focus-visible { outline: 3px solid #17575e; outline-offset: 3px; }
    .unread { background: #fff; color: #17575e; border-radius: 1rem; padding: 0 0.5rem; margin-inline-start: 0.5rem; }
    .panel { position: fixed; inset-block-end: 1rem; inset-inline-end: 1rem; width: min(26rem, calc(100vw - 2rem)); height: min(44rem, calc(100vh - 2rem)); background: #f7f4ee; border: 1px solid #7c8d8e; border-radius: 14px; overflow: hidden; box-shadow: 0 6px 30px rgb(0 0 0 / 35%); display: flex; flex-direction: column; }
    iframe { flex: 1; width: 100%; border: 0; }
    .lost { margin: 0; padding: 0.8rem 1rem; color: #1c2b2d; } .lost a { color: #17575e; }
    .lost button { font: inherit; min-height: 44px; }
    @media (max-width: 480px), (max-height: 480px) { .panel { inset: 0; width: 100%; height: 100%; border: 0; border-radius: 0; } }
    @media (forced-colors: active) { .open, .panel { border: 2px solid; } }
    @media print { :host { display: none !important; } }
  `);
  const host = document.createElement("pyyda-apua");
  host.lang = language;
  host.dir = words.dir;
  const root = host.attachShadow({ mode: "closed" });
  root.adoptedStyleSheets = [sheet];
  const make = (name, properties, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };
  const mark = make("span", { className: "unread", hidden: true });
  const button = make("button", { type: "button", className: "open" }, words[label] ?? words.help, mark);
  button.setAttribute("aria-expanded", "false");
  const panel = make("div", { className: "panel", hidden: true });
  panel.setAttribute("role", "dialog");
  panel.setAttribute("aria-label", words.help);
  root.append(button, panel);

  let frame = null;
  let port = null;
  let waiting = null;
  const remembered = () => { try { return sessionStorage.getItem(OPENED); } catch { return null; } };
  const remember = (value) => { try { sessionStorage.setItem(OPENED, value); } catch { /* a site without storage */ } };
  const address = (path) => {
    const url = new URL(`/${language}/${path}`, home);
    if (municipality) url.searchParams.set("municipality", municipality);
    return url.href;
  };

  function load() {
    if (frame) return;
    frame = make("iframe", { title: words.help, src: address("widget"), referrerPolicy: "origin" });
    frame.addEventListener("load", () => {
      const channel = new MessageChannel();
      port = channel.port1;
      port.onmessage = ({ data }) => heard[data.kind]?.(data);
      frame.contentWindow.postMessage("pyyda-apua", home, [channel.port2]);
    });
    panel.append(frame);
    waiting = setTimeout(lost, 12000);
  }

  // The frame did not come: this site may not show it, or there is no connection. The chat's own page still may.
  function lost() {
    const link = make("a", { href: address(""), target: "_blank", rel: "noopener", textContent: words.tab });
    const close = make("button", { type: "button", textContent: words.close });
    close.addEventListener("click", () => show(false));
    panel.prepend(make("p", { className: "lost" }, link, " ", close));
  }

  const heard = {
    ready() {
      clearTimeout(waiting);
      panel.querySelector(".lost")?.remove();
      port.postMessage(panel.hidden ? "closed" : "open");
    },
    close: () => show(false),
    unread({ count }) {
      mark.hidden = !count;
      mark.textContent = count ? words.unread.replace("%(count)s", count) : "";
    },
    exit({ address: where }) {
      try { sessionStorage.removeItem(OPENED); } catch { /* a site without storage */ }
      host.remove();
      window.location.replace(where);
    },
  };

  function show(open) {
    load();
    panel.hidden = !open;
    button.hidden = open;
    button.setAttribute("aria-expanded", String(open));
    remember(open ? "open" : "closed");
    port?.postMessage(open ? "open" : "closed");
    if (open) frame.focus();
    else button.focus();
  }

  // Shift three times leaves the site as well, once the chat has been used here.
  let presses = [];
  document.addEventListener("keyup", ({ key }) => {
    const now = Date.now();
    presses = key === "Shift" ? [...presses.filter((at) => now - at < 1500), now] : [];
    if (presses.length < 3 || !port) return;
    panel.hidden = true;
    port.postMessage("leave");
  });
  document.addEventListener("keydown", ({ key }) => key === "Escape" && !panel.hidden && show(false));
  button.addEventListener("click", () => show(true));
  const put = () => document.body.append(host);
  if (document.body) put();
  else document.addEventListener("DOMContentLoaded", put);
  const before = remembered();
  if (before) load();
  if (before === "open") {
    panel.hidden = false;
    button.hidden = true;
    button.setAttribute("aria-expanded", "true");
  }
})();
