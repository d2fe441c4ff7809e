// The battery in workerd, which compiles no bytes: the WebAssembly module comes as an import. A request is
// the list of numbers of threads, the response the answers.

import * as advnmf from "../../dist/index.js";
import wasm from "./advnmf.wasm";
import { report } from "./report.mjs";

export default {
  async fetch(request) {
    const answers = [];
    const engine = await advnmf.createEngine({ wasm });
    await report(advnmf, await request.json(), (answer) => answers.push(answer), engine);
    return Response.json(answers);
  },
};
