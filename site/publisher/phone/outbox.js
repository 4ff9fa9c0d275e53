// The outbox: what was written on this phone stays on it until the county has it for good.
// Used by pages (page.js) and by the service worker (worker.js); `root` is where the site stands.
const page = self.document;
const root = page ? new URL(".", page.currentScript.src).href : registration.scope;
const name = "huiyin " + root;

// Resolves to what `work` asked of the store, once that is written; rejects where there is no room.
const store = (work) => new Promise((done, fail) => {
  const asked = indexedDB.open(name, 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore("kept", { keyPath: "id" });
  asked.onerror = () => fail(asked.error);
  asked.onsuccess = () => {
    const base = asked.result;
    const writing = base.transaction("kept", "readwrite", { durability: "strict" });
    let found;
    writing.oncomplete = () => { base.close(); done(found && found.result); };
    writing.onabort = () => { base.close(); fail(writing.error); };
    found = work(writing.objectStore("kept"));
  };
});
const everything = () => store((kept) => kept.getAll());
// Changes an entry as it is now; one that was deleted meanwhile stays deleted.
const change = (id, values) => store((kept) => {
  const found = kept.get(id);
  found.onsuccess = () => found.result && kept.put(Object.assign(found.result, values));
});

// Resolves to an answer and its JSON, or to why there was none: "offline", or "portal" where
// something answered that is not the county's server.
const ask = async (item, path, options) => {
  const stop = new AbortController(), timer = setTimeout(() => stop.abort(), 9e4);
  try {
    const answer = await fetch(root + path, {
      redirect: "error", signal: stop.signal, ...options,
      headers: { Accept: "application/json", "Accept-Language": item.lang },
    });
    const told = await answer.json();
    return told.errors || told.number ? [answer, told] : ["portal"];
  } catch (error) {
    return [error.name == "SyntaxError" ? "portal" : "offline"];
  } finally { clearTimeout(timer); }
};
// What the county says of how safe an entry is. Its words leave the phone when all is durable.
const degrees = (told) => {
  const found = { state: "sent", why: "", number: told.number, safety: told.safety };
  const photos = (told.photos || []).map((photo) => photo.safety);
  if (photos.length)
    found.photoSafety = ["at_station", "at_hub", "durable"].find((one) => photos.includes(one));
  if (told.safety == "durable" && photos.every((one) => one == "durable"))
    Object.assign(found, { state: "done", fields: {}, photos: [] });
  return found;
};
const send = async (item) => {
  const body = new FormData();
  for (const field in item.fields) body.append(field, item.fields[field]);
  body.append("id", item.id);
  for (const photo of item.photos) body.append("photo", photo, "photo.jpg");
  const [answer, told] = await ask(item, "matters", { method: "POST", body });
  if (!told) return { why: answer };
  if (answer.ok) return { ...degrees(told), key: told.key };
  const why = told.errors.map((error) => error.message).join(" ");
  return answer.status < 500 && answer.status != 429
    ? { state: "bad", why }
    : { why, next: Date.now() + 1e3 * (answer.headers.get("Retry-After") || 30) };
};
const look = async (item) => {
  const [answer, told] = await ask(item, `m/${item.number}?key=${item.key}`);
  if (!told) return { why: answer };
  // A server that lost what was not durable yet knows it no more: it is sent again.
  if (answer.status == 404) return { state: "wait", number: "" };
  return answer.ok ? degrees(told) : {};
};
// Sends what waits and asks after what is not safe yet. One at a time does so, where the browser
// has locks; elsewhere the same id gives the same receipt.
const deliver = async (now) => {
  const all = async () => {
    for (const item of await everything()) {
      // The older it is, the more seldom it is tried: from 3 s to 5 minutes.
      const time = Date.now(), next = time + Math.min(Math.max((time - item.at) / 9, 3e3), 3e5);
      if (/wait|sent/.test(item.state) && (now || !(item.next > time)))
        await change(item.id, { next, ...await (item.state == "wait" ? send : look)(item) });
    }
  };
  await (navigator.locks
    ? navigator.locks.request(name, { ifAvailable: !now }, (lock) => lock && all())
    : all());
};
// What may be kept for later: pages of the site, never a matter's, the console's or a search's.
const isPage = (url) => url.startsWith(root)
  && /^(?!m\/|console\/|api\/)([^?#]*\/)?(index\.html)?([?#].*)?$/.test(url.slice(root.length));
