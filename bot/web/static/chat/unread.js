// How many messages came while nobody looked: on the tab's title, and told to the button on the other site.
import { texts } from "./page.js";
import { keepUnread, unread } from "../store.js";

let count = unread(); // from the page of the other site before this one
let away = () => document.hidden;
let told = () => {};

export function watch({ isAway, tell } = {}) {
  away = isAway ?? away;
  told = tell ?? told;
  if (count) show();
}

export function arrived() {
  if (!away()) return;
  count += 1;
  show();
}

export function seen() {
  if (count === 0) return;
  count = 0;
  show();
}

function show() {
  const plain = document.title.replace(/^\(.*?\) /u, "");
  document.title = count ? `(${texts.unread.replace("%(count)s", count)}) ${plain}` : plain;
  keepUnread(count);
  told(count);
}

document.addEventListener("visibilitychange", () => away() || seen());
