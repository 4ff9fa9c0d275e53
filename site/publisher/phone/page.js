// In a page: drafts, photos made small, the form sent by way of the outbox, and the outbox shown.
if (page) {
  const form = page.querySelector("form[data-words]"), box = page.getElementById("outbox");
  const words = form && JSON.parse(form.dataset.words);
  // Browsers have workers over https and on localhost only.
  const able = navigator.serviceWorker && (!form || form.action == root + "matters");
  const add = (parent, tag, text, values) => {
    const made = page.createElement(tag);
    made.textContent = text;
    parent.append(Object.assign(made, values));
    return made;
  };

  // The id of a submission is made where it is typed: a UUID of version 7.
  const newId = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    for (let at = 6, time = Date.now(); at--; time = Math.floor(time / 256)) bytes[at] = time;
    bytes[6] = bytes[6] & 15 | 112;
    bytes[8] = bytes[8] & 63 | 128;
    return Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join("")
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  };
  const shrunk = async (file) => {
    try {
      const image = await createImageBitmap(file), canvas = page.createElement("canvas");
      const scale = Math.min(1, 1280 / Math.max(image.width, image.height));
      canvas.width = image.width * scale;
      canvas.height = image.height * scale;
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      let blob;
      for (const quality of [.8, .6, .4, .2]) {
        blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
        if (blob.size < 2e5) break;
      }
      return new File([blob], "photo.jpg", { type: blob.type });
    } catch (error) { return file; }
  };

  if (form) {
    const fields = form.elements, sms = page.querySelector("a[href^='sms:']");
    const [number, start] = sms ? sms.href.split("body=") : [];
    const asked = new URLSearchParams(location.search);
    const said = page.getElementById("said");
    let id = fields.id.value, shrinking, timer, plain = !able, busy, free;
    // A form that was kept, or stands on another server, learns here where the person came from.
    for (const field of ["station", "deputy", "area"])
      if (!fields[field].value && asked.get(field)) fields[field].value = asked.get(field);
    const take = (wanted) => {
      fields.id.value = id = wanted;
      if (free) free();
      if (able && navigator.locks)
        navigator.locks.request(name + id, () => new Promise((done) => { free = done; }));
    };
    const setFiles = (files) => {
      const held = new DataTransfer();
      for (const file of files) held.items.add(file);
      fields.photo.files = held.files;
    };
    const entry = (state) => {
      const typed = {};
      for (const [field, value] of new FormData(form))
        if (field != "id" && field != "photo") typed[field] = value;
      return {
        id, state, fields: typed, photos: Array.from(fields.photo.files), at: Date.now(),
        lang: page.documentElement.lang,
      };
    };
    const edit = (item) => {
      take(item.id);
      for (const field of fields) {
        const value = item.fields[field.name] || "";
        if (/radio|checkbox/.test(field.type)) field.checked = field.value == value;
        else if (field.name && !/file|hidden/.test(field.type)) field.value = value;
        else if (field.type == "hidden" && !field.value) field.value = value;
      }
      try { setFiles(item.photos); } catch (error) { /* An old browser: chosen again by hand. */ }
    };
    // A refused one comes back into the form, with what is wrong.
    const mend = async (item) => {
      keepDraft();
      edit(item);
      await change(item.id, { state: "draft" });
      said.textContent = item.why;
      await show();
      fields.text.focus();
    };
    const typed = () => fields.text.value.length;
    const save = (state) => {
      const item = entry(state);
      return store((kept) => {
        const found = kept.get(id);
        found.onsuccess = () => {
          // Another tab sent what both had before them: this is a submission of its own.
          if (found.result && found.result.state != "draft") take(item.id = newId());
          item.fields.text ? kept.put(item) : kept.delete(item.id);
        };
      }).then(() => item.id);
    };
    // There is no room. Nothing is lost: the next press sends it the ordinary way.
    const full = () => {
      plain = true;
      form.autocomplete = "on";
      said.textContent = words.full;
    };
    const keepDraft = () => {
      clearTimeout(timer);
      if (!plain && !busy) save("draft").catch(full);
    };
    const writeSms = () => {
      const area = fields.area.value && fields.area.selectedOptions[0].text.trim();
      const text = [decodeURIComponent(start), area, fields.place.value, fields.text.value];
      sms.href = number + "body=" + encodeURIComponent(text.filter(Boolean).join(" "));
    };
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(keepDraft, 400);
      if (sms) writeSms();
    });
    page.addEventListener("visibilitychange", () => page.hidden && keepDraft());
    fields.photo.addEventListener("change", () => {
      shrinking = Promise.all(Array.from(fields.photo.files, shrunk))
        .then(setFiles).catch(() => {}).then(keepDraft);
    });
    form.addEventListener("submit", async (event) => {
      const away = able && plain && !navigator.onLine;
      if (plain && !shrinking && !away) return;
      event.preventDefault();
      if (away) said.textContent = words.offline;
      if (busy || away) return;
      busy = true;
      await shrinking;
      busy = !plain;
      if (plain) return form.submit();
      clearTimeout(timer);
      let sent;
      try {
        sent = await save("wait");
      } catch (error) {
        busy = false;
        return full();
      }
      // A browser that runs out of room is asked to spare what was not sent.
      if (navigator.storage) navigator.storage.persist();
      form.reset();
      take(newId());
      said.textContent = "";
      busy = false;
      // The browser itself sends it, where it can, should this page be closed before it has.
      navigator.serviceWorker.ready.then((ready) => ready.sync.register("outbox")).catch(() => {});
      await work(true);
      const item = (await everything()).find((one) => one.id == sent);
      if (!item || typed()) return;
      if (item.number) location = `${root}m/${item.number}?key=${item.key}`;
      else if (item.state == "bad") await mend(item);
      else box.scrollIntoView();
    });
    if (able) {
      form.autocomplete = "off";
      page.getElementById("offline").textContent = words.promise;
      take(newId());
      everything().then(async (items) => {
        const open = navigator.locks ? (await navigator.locks.query()).held : [];
        const drafts = items.filter((item) => item.state == "draft"
          && !open.some((lock) => lock.name == name + item.id));
        if (!typed() && drafts.length) edit(drafts.pop());
      });
    } else if (!id) take(newId());

    let shown;
    const show = async () => {
      const items = (await everything()).filter((item) => item.state != "draft").reverse();
      const now = JSON.stringify(items);
      if (now == shown) return;
      shown = now;
      box.textContent = "";
      add(box, "h2", words.title);
      const list = add(box, "ul", "", { className: "hy-list" });
      for (const item of items) {
        const line = add(list, "li", "");
        add(line, "strong", (item.fields.text || `${words.number} ${item.number}`).slice(0, 40));
        const reached = ["phone", "at_hub", "durable"];
        if (item.safety == "at_station") reached.splice(1, 0, "at_station");
        // When all is safe, its words are on this phone no more.
        if (item.state == "done") reached.shift();
        const last = reached.indexOf(item.safety || "phone");
        add(line, "p", reached.map((one, at) => (at > last ? "… " : "✓ ") + words[one]).join(" "));
        if (item.photoSafety) add(line, "p", words.photos + words[item.photoSafety]);
        if (item.why) add(line, "p", words[item.why] || item.why);
        const act = (text, onclick) => add(line, "button", text, { className: "md-button", onclick });
        if (item.number)
          add(line, "a", words.see, {
            className: "md-button", href: `${root}m/${item.number}?key=${item.key}`,
          });
        if (item.state == "wait") act(words.send, () => work(true));
        if (item.state == "bad") act(words.edit, () => mend(item));
        act(words.remove, async () => {
          if (item.state != "done" && !confirm(words.sure)) return;
          await store((kept) => kept.delete(item.id));
          await show();
        });
      }
      add(box, "button", words.forget, {
        className: "md-button",
        onclick: async () => {
          if (!confirm(words.sureAll)) return;
          plain = true;
          await store((kept) => kept.clear());
          await caches.delete(name);
          location.reload();
        },
      });
    };
    const work = async (now) => {
      const sending = deliver(now);
      await show();
      await sending;
      await show();
    };
    if (able) {
      const again = () => work().catch(() => {});
      again();
      addEventListener("online", () => work(true).catch(() => {}));
      setInterval(again, 3e3);
    }
  } else if (able) deliver().catch(() => {});

  if (able) {
    // What was looked at before the worker was there is kept too.
    const workers = navigator.serviceWorker;
    if (!workers.controller)
      caches.open(name).then((kept) => {
        for (const url of [location.href, page.referrer])
          if (isPage(url)) kept.add(url).catch(() => {});
      });
    workers.register(root + "sw.js").then(async (registered) => {
      if (Date.now() - (localStorage[name] || 0) < 864e5) return;
      localStorage[name] = Date.now();
      await registered.update();
    }).catch(async () => {
      // The site has a worker no more: nothing of it stays behind.
      if ((await fetch(root + "sw.js")).status != 404) return;
      const registered = await workers.getRegistration(root);
      if (registered) registered.unregister();
      caches.delete(name);
    });
  }
}
