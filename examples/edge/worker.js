// A matrix in, its factors out, at the edge. POST /?rank=3 with an NPY file or JSON: rows of numbers, or
// { rows, cols, data }. The answer is JSON, or with `Accept: application/zip` an NPZ file of W and H.
//
//   curl --data-binary @counts.npy 'http://localhost:8787/?rank=4&loss=kullback-leibler&seed=7'

import { AdvnmfError, matrix, nmf, sha256 } from "advnmf";
import { decodeNpy, encodeNpz } from "advnmf/io";

/** What a request may bring and take, unless the environment says otherwise. */
const MAX_BYTES = 8_000_000;
const MAX_SECONDS = 10;

/** Query parameters, as options of `nmf`. */
const OPTIONS = {
  rank: Number,
  loss: String,
  init: String,
  solver: String,
  seed: Number,
  restarts: Number,
  maxIterations: Number,
  tolerance: Number,
};

/** What the caller can mend is a 4xx. */
const STATUS = {
  SHAPE: 422,
  RANK: 422,
  NEGATIVE: 422,
  NOT_FINITE: 422,
  OPTION: 400,
  FORMAT: 400,
  UNSUPPORTED: 415,
  MEMORY: 413,
};

export default {
  async fetch(request, env = {}) {
    try {
      return await factorize(
        request,
        Number(env.MAX_BYTES ?? MAX_BYTES),
        Number(env.MAX_SECONDS ?? MAX_SECONDS),
      );
    } catch (error) {
      if (error instanceof Refusal) return refuse(error.status, error.code, error.message);
      const status = error instanceof AdvnmfError ? STATUS[error.code] : undefined;
      if (status) return refuse(status, error.code, error.message);
      console.error(error);
      return refuse(500, "INTERNAL", "the factorization failed");
    }
  },
};

async function factorize(request, maxBytes, maxSeconds) {
  if (request.method !== "POST") {
    throw new Refusal(405, "METHOD", "POST a matrix: an NPY file, or JSON rows of numbers, with ?rank=k");
  }
  const options = optionsOf(new URL(request.url).searchParams);
  const V = matrixOf(await bodyOf(request, maxBytes));
  const { W, H, iterations, converged, loss, relativeError } = await nmf(V, {
    ...options,
    signal: AbortSignal.timeout(maxSeconds * 1000),
  }).catch((error) => {
    // Out of time: what there is, and it says so. Without an iteration done there is nothing.
    if (error.code === "ABORTED" && error.best) return error.best;
    if (error.code === "ABORTED") throw new Refusal(503, "TIME", `nothing was ready within ${maxSeconds} s`);
    throw error;
  });
  if (request.headers.get("accept")?.includes("application/zip")) {
    const headers = { "content-type": "application/zip", "advnmf-converged": String(converged) };
    return new Response(encodeNpz({ W, H }), { headers });
  }
  return Response.json({
    W: rowsOf(W),
    H: rowsOf(H),
    loss,
    relativeError,
    iterations,
    converged,
    sha256: { W: await sha256(W), H: await sha256(H) },
  });
}

function optionsOf(parameters) {
  const options = {};
  for (const [name, value] of parameters) {
    if (!Object.hasOwn(OPTIONS, name)) {
      throw new Refusal(
        400,
        "OPTION",
        `no parameter "${name}"; there are ${Object.keys(OPTIONS).join(", ")}`,
      );
    }
    options[name] = OPTIONS[name](value);
  }
  return options;
}

/** The body, which is given up as soon as it is too long, whatever its headers say. */
async function bodyOf(request, maxBytes) {
  const tooLong = () => new Refusal(413, "SIZE", `at most ${maxBytes} bytes are taken`);
  if (Number(request.headers.get("content-length")) > maxBytes) throw tooLong();
  const chunks = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > maxBytes) throw tooLong();
    chunks.push(chunk);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

/** NPY begins with a byte that JSON cannot begin with. */
function matrixOf(bytes) {
  if (bytes[0] === 0x93) return decodeNpy(bytes);
  let json;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new Refusal(400, "FORMAT", `the body is neither an NPY file nor JSON: ${cause.message}`);
  }
  if (Array.isArray(json)) return json;
  const numbers = Array.isArray(json?.data) && json.data.every((entry) => typeof entry === "number");
  if (numbers) return matrix(json.rows, json.cols, json.data);
  throw new Refusal(422, "SHAPE", "JSON must be rows of numbers, or { rows, cols, data }");
}

function rowsOf({ rows, cols, data }) {
  return Array.from({ length: rows }, (_, row) => [...data.subarray(row * cols, (row + 1) * cols)]);
}

class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

function refuse(status, code, message) {
  const headers = status === 405 ? { allow: "POST" } : {};
  return Response.json({ error: { code, message } }, { status, headers });
}
