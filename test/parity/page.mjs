// The battery in a page: the server (scripts/parity/page.mjs) names the numbers of threads and takes the answers.

import * as advnmf from "../../dist/index.js";
import { report } from "./report.mjs";

const isolated = globalThis.crossOriginIsolated === true;
const post = (answer) => fetch("/answer", { method: "POST", body: JSON.stringify({ ...answer, isolated }) });
const counts = await (await fetch("/counts")).json();
await report(advnmf, counts, post);
