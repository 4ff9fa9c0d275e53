// The peer's server: express-pouchdb with all that replication needs, on LevelDB in FOLDER.
// `node server.js MODULES FOLDER PORT`
const { createRequire } = require("node:module");

const [modules, folder, port] = process.argv.slice(2);
const load = createRequire(`${modules}/`);
const PouchDB = load("pouchdb").defaults({ prefix: `${folder}/` });
const options = { mode: "minimumForPouchDB", inMemoryConfig: true, logPath: `${folder}/log.txt` };
const application = load("express")();
application.use("/", load("express-pouchdb")(PouchDB, options));
application.listen(Number(port), "127.0.0.1");
