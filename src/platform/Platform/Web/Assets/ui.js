// Shows a deployment's log while it is written. Without this the page is the same, after a reload.
const log = document.getElementById("log");
const state = document.getElementById("state");
const moods = { succeeded: "good", failed: "bad", queued: "busy", building: "busy", deploying: "busy" };
const events = new EventSource(log.dataset.events);

events.addEventListener("line", (event) => {
  const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
  log.append(event.data + "\n");
  if (atEnd) log.scrollTop = log.scrollHeight;
});

events.addEventListener("state", (event) => {
  state.textContent = event.data;
  state.className = "badge " + (moods[event.data] ?? "quiet");
});

events.addEventListener("end", () => {
  events.close();
  document.getElementById("cancel")?.remove();
  // What the end decided (release, duration, why it failed) is on the page that is made now.
  location.reload();
});
