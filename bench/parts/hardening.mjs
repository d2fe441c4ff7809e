// AT-NMF beside a NumPy port of its authors' loop, one thread each, from the same start and over the same
// iterations: attacks, inner iterations and their stopping rule, none of which holds so soon. Milliseconds of the
// whole call by the number of inner iterations.
//
// A peer's time counts when its factors have our objective.

import { objective, problem, sizeName } from "../data.mjs";
import { numpyAtnmf } from "../peers/python.mjs";
import { interleave, summary } from "../stats.mjs";
import { digits } from "../table.mjs";

/** What the authors measured on, by size. */
const SIZES = [
  { m: 100, n: 50, k: 5, like: "Synthetic", maxInner: 500 },
  { m: 165, n: 2500, k: 5, like: "Moffet", maxInner: 60 },
  { m: 361, n: 2429, k: 49, like: "CBCL", maxInner: 20 },
];
const LAMBDA = 2;
const MAX_OUTER = 3;
const HELD_OUT = 0.5;
const WARM_MS = 500;

/** Relative differences of the objective that count as the same answer. */
const TOLERANCE = { f32: 1e-3, f64: 1e-6 };

export async function measure({ sdk, wanted, progress, ownPeers, effort }) {
  const lines = [];
  const peers = await ownPeers([numpyAtnmf]);
  for (const dtype of ["f64", "f32"]) {
    for (const size of SIZES) {
      for (const missing of ["zero-fill", "ignore"]) {
        if (!wanted(`at-nmf ${missing} ${size.like}`, size, dtype)) continue;
        progress(`at-nmf ${missing}, ${sizeName(size)} ${dtype}`);
        lines.push(await measureOne(sdk, size, dtype, missing, peers, effort));
      }
    }
  }
  return { lines, tables: lines.length > 0 ? [table(lines)] : [] };
}

async function measureOne(sdk, size, dtype, missing, peers, { solverRounds }) {
  const data = withHoles(problem(size, dtype));
  const { m, n, k, V, W0, H0 } = data;
  const init = { W: { rows: m, cols: k, data: W0 }, H: { rows: k, cols: n, data: H0 } };
  const settings = { lambda: LAMBDA, maxOuter: MAX_OUTER, epsilonInner: 0.01, missing };
  const options = { ...settings, rank: k, init, maxInner: size.maxInner, epsilonOuter: 0 };
  const mask = Uint8Array.from(V, (v) => (v > 0 ? 1 : 0));
  const ours = () => sdk.atnmfSync({ rows: m, cols: n, data: V }, { ...options, mask });
  const fit = ours();
  // The engine's best code comes after some hundred milliseconds.
  for (const end = performance.now() + WARM_MS; performance.now() < end; ) ours();
  const expected = objective("frobenius", data, fit.W.data, fit.H.data);
  const rivals = [];
  for (const peer of peers) {
    const rival = { name: peer.name, peer, counts: false };
    rivals.push(rival);
    try {
      await peer.prepare(data, { ...settings, loss: "frobenius" });
      const theirs = (await peer.run(size.maxInner, true)).objective;
      rival.counts = Math.abs(expected - theirs) <= TOLERANCE[dtype] * theirs;
      rival.verdict = rival.counts ? "same objective" : `differs: ours ${expected}, theirs ${theirs}`;
    } catch (error) {
      rival.verdict = `failed: ${error.message}`;
    }
  }
  const counting = rivals.filter(({ counts }) => counts);
  const contestants = [
    {
      sample() {
        const before = performance.now();
        ours();
        return (performance.now() - before) / fit.iterations;
      },
    },
    ...counting.map(({ peer }) => ({
      sample: async () => (await peer.run(size.maxInner)).ms / fit.iterations,
    })),
  ];
  const [time, ...theirs] = (await interleave(contestants, solverRounds)).map(summary);
  return {
    name: `at-nmf ${missing}`,
    like: size.like,
    size: { m, n, k },
    dtype,
    iterations: fit.iterations,
    time,
    peers: rivals.map(({ peer: _, ...rival }) => {
      if (!rival.counts) return rival;
      const their = theirs.shift();
      return { ...rival, time: their, ratio: their.median / time.median };
    }),
  };
}

/** Half of the entries held out: they are 0, and no other is. */
function withHoles(data) {
  let state = 1;
  const V = data.V.map((v) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 < HELD_OUT ? 0 : v;
  });
  return { ...data, V };
}

function table(lines) {
  const names = [...new Set(lines.flatMap(({ peers }) => peers.map(({ name }) => name)))];
  return {
    title:
      "AT-NMF, λ = 2, one thread: milliseconds an inner iteration, and ratio (milliseconds) of each peer",
    columns: ["<missing entries", "<like", "<size", "<type", "ms", "min", "±", ...names],
    rows: lines.map(({ name, like, size, dtype, time, peers }) => [
      name.slice("at-nmf ".length),
      like,
      sizeName(size),
      dtype,
      digits(time.median),
      digits(time.min),
      `${(100 * time.spread).toFixed(0)}%`,
      ...names.map((peer) => {
        const rival = peers.find((one) => one.name === peer);
        return rival?.time ? `${digits(rival.ratio)} (${digits(rival.time.median)})` : (rival?.verdict ?? "");
      }),
    ]),
  };
}
