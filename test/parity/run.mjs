// Runs the battery in this runtime and prints its digest: node run.mjs, deno run -A run.mjs.

import * as advnmf from "../../dist/index.js";
import { battery } from "./battery.mjs";

console.log(JSON.stringify(await battery(advnmf)));
