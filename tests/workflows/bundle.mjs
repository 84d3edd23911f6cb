// Bundle reader.mjs into the file that is named: GitHub's packages import JSON in a way that Node refuses.
import { buildSync } from "esbuild";

buildSync({
  entryPoints: ["reader.mjs"],
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node22",
  outfile: process.argv[2],
  logLevel: "warning",
  banner: { js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);" },
});
