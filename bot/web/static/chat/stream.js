// Server-Sent Events with the token in a header (EventSource would put it into an address). After a cut it goes on
// behind the last message it got: Last-Event-ID.
const SILENT = 40_000; // the server gives a sign of life every 12 seconds
const LONGEST = 15_000;

export function follow(conversation, last, { event, open, lost, gone }) {
  let stopped = false;
  let control = null;
  let wait = 1000;
  let wake = () => {};

  async function once() {
    control = new AbortController();
    let watch = null;
    const alive = () => {
      clearTimeout(watch);
      watch = setTimeout(() => control.abort(), SILENT);
    };
    alive();
    try {
      const headers = { Authorization: `Bearer ${conversation.token}`, Accept: "text/event-stream" };
      if (last) headers["Last-Event-ID"] = last;
      const answer = await fetch(`/api/v1/conversations/${conversation.id}/events`, {
        headers, cache: "no-store", signal: control.signal,
      });
      if (answer.status === 404) return "gone";
      if (!answer.ok) return "failed";
      wait = 1000;
      open();
      const reader = answer.body.getReader();
      const decoder = new TextDecoder();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done || stopped) return "ended";
        alive();
        const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
        rest = blocks.pop();
        blocks.forEach(take);
      }
    } catch {
      return "failed";
    } finally {
      clearTimeout(watch);
    }
  }

  function take(block) {
    const fields = {};
    for (const line of block.split("\n")) {
      const at = line.indexOf(": ");
      if (at > 0) fields[line.slice(0, at)] = line.slice(at + 2);
    }
    if (!fields.event) return;
    event(fields.event, JSON.parse(fields.data));
    if (fields.id) last = fields.id;
  }

  async function run() {
    while (!stopped) {
      const how = await once();
      if (stopped) return;
      if (how === "gone") return gone();
      if (how === "failed") {
        lost();
        await new Promise((resolve) => {
          wake = resolve;
          setTimeout(resolve, wait);
        });
        wait = Math.min(wait * 2, LONGEST);
      }
    }
  }

  const now = () => wake();
  window.addEventListener("online", now);
  run();
  return function stop() {
    stopped = true;
    window.removeEventListener("online", now);
    control?.abort();
  };
}
