// Quick exit: the button, or Shift three times. Erases the conversation here and on the server, leaves no way back.
const link = document.getElementById("exit");
let presses = [];

export async function leave() {
  const raw = sessionStorage.getItem("conversation");
  sessionStorage.clear();
  document.title = " ";
  document.body.replaceChildren();
  if (raw) {
    const { id, token } = JSON.parse(raw);
    fetch(`/api/v1/conversations/${id}`, {
      method: "DELETE",
      headers: { Authorization: `Bearer ${token}` },
      keepalive: true,
    }).catch(() => {});
  }
  location.replace(link.href);
}

link.addEventListener("click", (event) => {
  event.preventDefault();
  leave();
});

document.addEventListener("keyup", (event) => {
  if (event.key !== "Shift") {
    presses = [];
    return;
  }
  const now = Date.now();
  presses = [...presses.filter((at) => now - at < 1500), now];
  if (presses.length >= 3) leave();
});
