"use strict";
// Keeps what is being written: two seconds after the last key, and when the page is left.
for (const form of document.querySelectorAll("form[data-draft]")) {
  const words = form.dataset, said = form.querySelector("[data-said]");
  let dirty = false, busy = false, sending = false, timer = 0;
  const later = (ms) => { clearTimeout(timer); timer = setTimeout(save, ms); };
  const say = (text, bad) => { said.textContent = text; said.className = bad ? "error" : "hint"; };
  async function save() {
    clearTimeout(timer);
    if (!dirty || sending) return;
    if (busy) return later(1000);
    dirty = false;
    busy = true;
    const body = new URLSearchParams(new FormData(form));
    body.delete("form_token");
    let why = words.offline, again = true;
    try {
      const answer = await fetch(words.draft, {
        method: "POST", body, redirect: "error", credentials: "same-origin",
        keepalive: body.toString().length < 6e4,
        headers: {
          Accept: "application/json", "Accept-Language": document.documentElement.lang,
          "Draft-Of": words.owner,
        },
      });
      const told = await answer.json();
      again = answer.status !== 413;
      why = answer.ok ? "" : told.errors[0].message;
      if (!why) say(told.saved_at ? words.saved + " " + told.saved_at : "", false);
    } catch (error) { /* No net, or no server: said below, and tried again. */ }
    busy = false;
    if (why) {
      dirty = true;
      say(words.failed + why, true);
      if (again) later(5000);
    }
  }
  for (const kind of ["input", "change"])
    form.addEventListener(kind, () => { dirty = true; later(2000); });
  form.addEventListener("submit", () => { sending = true; clearTimeout(timer); });
  addEventListener("pageshow", () => { sending = false; });
  addEventListener("pagehide", save);
  document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });
}
