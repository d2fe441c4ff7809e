// npm run studio [-- --port N --no-isolation]: builds the studio into build/studio and serves it on this machine.

import { join } from "node:path";
import { parseArgs } from "node:util";
import { root, say, setUp } from "./setup.mjs";

const { values } = parseArgs({
  allowNegative: true,
  options: {
    port: { type: "string", default: "0" },
    isolation: { type: "boolean", default: true },
    serve: { type: "boolean", default: true },
  },
});

await setUp();
const { buildStudio } = await import("../examples/browser/build.mjs");
const { serve } = await import("../examples/browser/serve.mjs");
const out = join(root, "build", "studio");
const files = await buildStudio(out);
if (values.serve) {
  const { url } = await serve(files, { port: Number(values.port), isolated: values.isolation });
  say(`the studio is at ${url} (Ctrl-C ends it)`);
} else say(`the studio is in ${out}, for any static host`);
