// Runs the battery in this runtime, once for each number of threads that is named, and prints the answers
// as lines of JSON: node run.mjs 1 2 4, deno run -A run.mjs.

import * as advnmf from "../../dist/index.js";
import { report } from "./report.mjs";

const named = (globalThis.Deno?.args ?? process.argv.slice(2)).map(Number);
await report(advnmf, named.length > 0 ? named : [undefined], (answer) => console.log(JSON.stringify(answer)));
