// In the service worker: keeps the pages that were looked at, and sends when the network is back.
if (!page) {
  const most = 40, core = ["", "submit/", self.script].map((path) => root + path);
  const put = async (url, answer) => {
    const kept = await caches.open(name);
    await kept.put(url, answer);
    const others = (await kept.keys()).filter((one) => !core.includes(one.url));
    await Promise.all(others.slice(0, -most).map((one) => kept.delete(one)));
  };
  const keep = async (url, answer) => {
    // A page that was withdrawn goes; what is not of this site (a Wi-Fi's own page) is not kept.
    if (answer.status == 404) await (await caches.open(name)).delete(url);
    if (answer.ok && (await answer.clone().text()).includes("hy-nav")) await put(url, answer);
  };
  const dated = async (hit) => {
    const day = new Date(hit.headers.get("Date")).toLocaleString();
    const line = `<p class="hy-slip">没有网络，这是 ${day} 存下的页面 <span lang="en">Kept copy</span></p>`;
    return new Response((await hit.text()).replace(/<article.*?>/, "$&" + line), hit);
  };
  addEventListener("install", (event) => {
    skipWaiting();
    event.waitUntil(caches.open(name).then((kept) => kept.addAll(core)));
  });
  addEventListener("activate", (event) => event.waitUntil(clients.claim()));
  // Failing asks the browser to try again later.
  addEventListener("sync", (event) => event.waitUntil(deliver(true).then(everything)
    .then((items) => { if (items.some((item) => item.state == "wait")) throw 0; })));
  addEventListener("fetch", (event) => {
    const { method, mode, url } = event.request;
    if (method != "GET") return;
    if (url.startsWith(root) && /^(outbox-|pictures\/)/.test(url.slice(root.length)))
      event.respondWith(caches.match(url).then((hit) => hit || fetch(event.request).then((answer) => {
        if (answer.ok) event.waitUntil(put(url, answer.clone()));
        return answer;
      })));
    if (mode != "navigate" || !isPage(url)) return;
    const fresh = fetch(event.request);
    event.waitUntil(fresh.then((answer) => keep(url, answer.clone())).catch(() => {}));
    event.respondWith(caches.match(url).then(async (exact) => {
      // A form for another deputy is the bare form, which learns the deputy from its address.
      const hit = exact || await caches.match(url.split("?")[0]);
      const late = hit && new Promise((done) => setTimeout(done, 4e3));
      try {
        const answer = await (late ? Promise.race([fresh, late]) : fresh);
        if (answer && !(hit && answer.status > 499)) return answer;
      } catch (error) { /* No network. */ }
      // What was never kept leads to the home page, which says that there is no network.
      return hit ? dated(hit) : url == root ? fresh : Response.redirect(root);
    }));
  });
}
