// The peer's client: does what lines of JSON tell it and answers each with a line when it is done:
// {"write": [texts]} and {"sync": true}. `node client.js MODULES FOLDER ADDRESS`
const { randomUUID } = require("node:crypto");
const { createRequire } = require("node:module");
const readline = require("node:readline");

const [modules, folder, address] = process.argv.slice(2);
const PouchDB = createRequire(`${modules}/`)("pouchdb");
const own = new PouchDB(folder);
const hub = new PouchDB(`${address}/matters`);

async function carryOut(order) {
  if (order.write) {
    await own.bulkDocs(order.write.map((text) => ({ _id: randomUUID(), text })));
  } else {
    // As many in a request as morango sends.
    await own.replicate.to(hub, { batch_size: 500 });
  }
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    await carryOut(JSON.parse(line));
    process.stdout.write("{}\n");
  }
}

main();
