// One gradient of the feature error (LaFA, arXiv 2408.03909), its T iterations included, beside PyTorch with the
// paper's method (peers/lafa-peer.py), one thread each, on the same problem and after the same iterations; through the
// iterations also both on as many threads as they choose unasked; and one implicit gradient at given factors, by the
// size of the data.
//
// Implicit gradients are those of an attack's step: damped, solved to 1%. The paper's series is cut after 80 terms
// instead, so the two agree in their direction only, and the cosine is shown. Through all iterations the gradient is
// one number an entry, and a peer's time counts when it has the same. What the authors' own code took is quoted, not
// measured here.
//
// A sample is the shortest of the calls that fit into SAMPLE_MS, at least one. Ratios on one thread are of processor
// time, of which other work on the machine takes least; on several they are of the time that passes.

import { generator, problem, sizeName } from "../data.mjs";
import { torchLafa } from "../peers/python.mjs";
import { exponent, interleave, summary } from "../stats.mjs";
import { digits } from "../table.mjs";

/** What the authors measured on, by size, with T of either mode as in their code, where they say it. */
const SIZES = [
  { m: 103, n: 200, k: 3, like: "Synthetic", iterations: { implicit: 500, backprop: 2000 } },
  { m: 96, n: 21, k: 4, like: "WTSI", iterations: { implicit: 1600, backprop: 1600 } },
  { m: 472, n: 361, k: 5, like: "Face", iterations: { implicit: 500, backprop: 200 } },
];

/** Quoted, not measured here: the authors' code on one thread of a machine like those these were run on. */
const OFFICIAL = {
  Synthetic: { implicit: { ms: 6500, bytes: 280e6 }, backprop: { ms: 6800, bytes: 1300e6 } },
  WTSI: { implicit: { ms: 1600 }, backprop: { ms: 1200 } },
};

/** Added by the authors' code where we do. */
const EPSILON = 1e-10;

const IMPLICIT = { damping: 0.01, tolerance: 0.01 };

/** How the paper's method is run, by our mode. */
const PEER_MODES = { implicit: ["taylor", "taylor-vector"], backprop: ["backprop"] };

/** Who is measured, by threads: on one, and on as many as each chooses. */
const TEAMS = {
  one: { peer: () => torchLafa(1), options: { threads: 1 }, clock: "cpu" },
  unasked: { peer: () => torchLafa(0), options: {}, clock: "time" },
};

/** Relative distance of two gradients through the same iterations that count as one. */
const TOLERANCE = { f32: 1e-2, f64: 1e-6 };

/** The noise of the attacked data, relative to them, and iterations to the reference. */
const NOISE = 0.02;
const REFERENCE_ITERATIONS = 5000;

const SAMPLE_MS = 200;
const BYTES = { f32: 4, f64: 8 };

/** A peer does without what takes more than this. */
const MOST_BYTES = 8e9;
/** The matrices of all entries that automatic differentiation keeps of an iteration, about. */
const KEPT = 6;

/** Sizes of the second table, and products with the implicit system, as many as an attack's step usually takes. */
const GROWING = [100, 200, 500, 1000, 2000].map((m) => ({ m, n: m, k: 10 }));
const PRODUCTS = 10;
/** Iterations that lead to where those gradients are taken, and a damping with which they take all products. */
const WARM_ITERATIONS = 30;
const STRONG_DAMPING = 1;

export async function measure({ sdk, wanted, progress, ownPeers, effort }) {
  const lines = [];
  const growing = [];
  const engine = await sdk.createEngine();
  for (const dtype of ["f64", "f32"]) {
    for (const size of SIZES) {
      for (const mode of ["implicit", "backprop"]) {
        if (!wanted(`lafa ${mode} ${size.like}`, size, dtype)) continue;
        progress(`lafa ${mode}, ${sizeName(size)} ${dtype}`);
        lines.push(await measureOne(sdk, engine, size, dtype, mode, ownPeers, effort));
      }
    }
    for (const size of GROWING) {
      if (!wanted("lafa growth", size, dtype)) continue;
      progress(`lafa growth, ${sizeName(size)} ${dtype}`);
      growing.push(await measureGrowth(sdk, size, dtype, effort));
    }
  }
  const growth = ["f64", "f32"].flatMap((dtype) => {
    const points = growing
      .filter((line) => line.dtype === dtype)
      .map(({ size, cpu }) => [size.m * size.n, cpu.min]);
    return points.length < 2 ? [] : [{ dtype, exponent: exponent(points) }];
  });
  return { lines, growing, growth, tables: tables(lines, growing, growth) };
}

/** Data to attack, the start, and the features of the data without noise. */
async function attacked(sdk, engine, size, dtype) {
  const { m, n, k, like } = size;
  const start = problem(size, "f64");
  const clean =
    like === "Synthetic"
      ? await sdk.datasets.load("lafa-synthetic", { seed: 1, engine })
      : { rows: m, cols: n, data: like === "WTSI" ? counts(start) : start.V };
  const { W, H } = await sdk.nmf(clean, {
    ...updates(size, start),
    maxIterations: REFERENCE_ITERATIONS,
    engine,
  });
  const uniform = generator(2);
  const noisy = clean.data.map((x) => x * (1 + NOISE * (2 * uniform() - 1)));
  const typed = (values) => (dtype === "f32" ? Float32Array.from(values) : values);
  return {
    ...{ m, n, k, dtype, epsilon: EPSILON },
    V: typed(noisy),
    W0: typed(start.W0),
    H0: typed(start.H0),
    W1: typed(W.data),
    H1: typed(H.data),
  };
}

/** Options of so many multiplicative updates from a start, as the authors' code makes them. */
function updates({ m, n, k }, { W0, H0 }) {
  const init = { W: { rows: m, cols: k, data: W0 }, H: { rows: k, cols: n, data: H0 } };
  const steps = { solver: "mu", order: "HW", epsilon: EPSILON, tolerance: 0, threads: 1 };
  return { rank: k, loss: "kullback-leibler", init, ...steps };
}

/** Counts with the expectations 100 V, none negative, brought to (0, 1] as the authors do with theirs. */
function counts({ V }) {
  const uniform = generator(3);
  const drawn = V.map((v) => {
    // A sum of twelve uniform numbers is nearly normal, and a count of many nearly that.
    let deviate = -6;
    for (let i = 0; i < 12; i++) deviate += uniform();
    return Math.max(0, Math.round(100 * v + 10 * Math.sqrt(v) * deviate)) + 0.01;
  });
  const most = drawn.reduce((max, x) => Math.max(max, x), 0);
  return drawn.map((x) => x / most);
}

async function measureOne(sdk, engine, size, dtype, mode, ownPeers, { solverRounds }) {
  const data = await attacked(sdk, engine, size, dtype);
  const { m, n, k, V, W0, H0, W1, H1 } = data;
  const iterations = size.iterations[mode];
  const factors = (W, H) => ({ W: { rows: m, cols: k, data: W }, H: { rows: k, cols: n, data: H } });
  const options = {
    ...factors(W0, H0),
    reference: factors(W1, H1),
    ...{ mode, iterations, epsilon: EPSILON, engine },
    ...(mode === "implicit" ? IMPLICIT : {}),
  };
  const ours = (team) =>
    sdk.lafa.gradient({ rows: m, cols: n, data: V }, { ...options, ...TEAMS[team].options });
  const found = await ours("one");
  const teams = mode === "backprop" ? ["one", "unasked"] : ["one"];
  const rivals = [];
  const spare = bytesNeeded(size, dtype, mode, iterations);
  for (const [team, peerMode] of teams.flatMap((team) => PEER_MODES[mode].map((name) => [team, name]))) {
    const [peer] = await ownPeers([TEAMS[team].peer]);
    if (!peer) break;
    const rival = { name: `${peer.name} ${peerMode}`, team, threads: peer.versions, peer, counts: false };
    rivals.push(rival);
    try {
      if (spare > MOST_BYTES) throw new Error(`it takes some ${(spare / 1e9).toFixed(1)} GB`);
      await peer.prepare(data, { mode: peerMode });
      // The first run of a new process: later ones find memory that it holds already.
      const { gradient, growth } = await peer.run(iterations, true);
      rival.growth = growth;
      Object.assign(rival, verdict(found.gradient.data, gradient, mode, dtype));
    } catch (error) {
      rival.verdict = `left out: ${error.message}`;
    }
  }
  const counting = rivals.filter((rival) => rival.counts);
  const contestants = [
    ...teams.map((team) => ({ sample: () => shortest(timed(() => ours(team))) })),
    ...counting.map(({ peer }) => ({ sample: () => shortest(() => peer.run(iterations)) })),
  ];
  const samples = await interleave(contestants, solverRounds);
  for (const { peer } of rivals) peer.close();
  const figures = (samples) => ({
    time: summary(samples.map(({ ms }) => ms)),
    cpu: summary(samples.map(({ cpu }) => cpu)),
  });
  const own = Object.fromEntries(teams.map((team) => [team, figures(samples.shift())]));
  if (own.unasked) own.unasked.threads = (await ours("unasked")).threads;
  return {
    ...{ name: `lafa ${mode}`, mode, like: size.like, size: { m, n, k }, dtype, iterations },
    ...own.one,
    unasked: own.unasked,
    peakBytes: found.peakBytes,
    products: found.products,
    official: OFFICIAL[size.like]?.[mode],
    peers: rivals.map(({ peer: _, ...rival }) => {
      if (!rival.counts) return rival;
      const their = figures(samples.shift());
      const { clock } = TEAMS[rival.team];
      return { ...rival, ...their, ratio: their[clock].median / own[rival.team][clock].median };
    }),
  };
}

/** What the peer takes, about: the Jacobian twice, or what is kept of all iterations. */
function bytesNeeded({ m, n, k }, dtype, mode, iterations) {
  if (mode === "implicit") return 2 * jacobianBytes({ m, n, k }, dtype);
  return KEPT * iterations * m * n * BYTES[dtype];
}

/** Bytes of the Jacobian of (W, H) in the data. */
const jacobianBytes = ({ m, n, k }, dtype) => (m + n) * k * m * n * BYTES[dtype];

/** How far two gradients are apart: what counts, and in words. */
function verdict(ours, theirs, mode, dtype) {
  let [off, own, other, both] = [0, 0, 0, 0];
  for (let i = 0; i < ours.length; i++) {
    off += (ours[i] - theirs[i]) ** 2;
    own += ours[i] ** 2;
    other += theirs[i] ** 2;
    both += ours[i] * theirs[i];
  }
  const cosine = both / Math.sqrt(own * other);
  if (mode === "implicit") return { counts: true, cosine, verdict: `cosine ${cosine.toFixed(3)}` };
  const distance = Math.sqrt(off / other);
  const same = distance <= TOLERANCE[dtype];
  return {
    counts: same,
    cosine,
    distance,
    verdict: `${same ? "equal to" : "differs by"} ${distance.toExponential(0)}`,
  };
}

/** A run of ours, timed as a peer times its own. */
function timed(job) {
  return async () => {
    const cpu = process.cpuUsage();
    const before = performance.now();
    await job();
    const ms = performance.now() - before;
    const { user, system } = process.cpuUsage(cpu);
    return { ms, cpu: (user + system) / 1000 };
  };
}

/** The least wall time and the least processor time of the runs that fit into SAMPLE_MS. */
async function shortest(run) {
  const began = performance.now();
  const least = { ms: Number.POSITIVE_INFINITY, cpu: Number.POSITIVE_INFINITY };
  do {
    const { ms, cpu } = await run();
    least.ms = Math.min(least.ms, ms);
    least.cpu = Math.min(least.cpu, cpu);
  } while (performance.now() - began < SAMPLE_MS);
  return least;
}

/** A gradient at factors near a minimum, in an engine of its own, whose memory shows what it took. */
async function measureGrowth(sdk, size, dtype, { solverRounds }) {
  const { m, n } = size;
  const data = problem(size, dtype);
  const engine = await sdk.createEngine();
  const V = { rows: m, cols: n, data: data.V };
  const { W, H } = await sdk.nmf(V, { ...updates(size, data), maxIterations: WARM_ITERATIONS });
  const { W: W1, H: H1 } = updates(size, data).init;
  const options = { W, H, reference: { W: W1, H: H1 }, epsilon: EPSILON, threads: 1, engine };
  const before = engine.memoryBytes;
  const system = { damping: STRONG_DAMPING, tolerance: 0, maxProducts: PRODUCTS };
  const run = () => sdk.lafa.gradient(V, { ...options, ...system });
  const { peakBytes, products } = await run();
  const samples = await interleave([{ sample: () => shortest(timed(run)) }], Math.min(5, solverRounds));
  const line = {
    ...{ size, dtype, products, peakBytes },
    grownBytes: engine.memoryBytes - before,
    time: summary(samples[0].map(({ ms }) => ms)),
    cpu: summary(samples[0].map(({ cpu }) => cpu)),
    jacobianBytes: jacobianBytes(size, dtype),
  };
  engine[Symbol.dispose]();
  return line;
}

function bytes(value) {
  if (value === undefined) return "";
  const power = Math.min(4, Math.floor(Math.log10(value) / 3));
  return `${digits(value / 1000 ** power)} ${["B", "kB", "MB", "GB", "TB"][power]}`;
}

function tables(lines, growing, growth) {
  const names = Object.values(PEER_MODES)
    .flat()
    .map((mode) => `torch ${mode}`)
    .filter((name) => lines.some(({ peers }) => peers.some((peer) => peer.name === name)));
  const exponents = growth.map(({ dtype, exponent: p }) => `${dtype} ${p.toFixed(2)}`).join(", ");
  return [
    {
      title:
        "One gradient of the feature error, its T iterations included, one thread: milliseconds and peak bytes; ratio (milliseconds, growth of the process; agreement) of each peer; authors' code quoted, not measured here",
      columns: [
        ...["<mode", "<like", "<size", "<type", "T", "ms", "min", "±", "processor ms", "peak"],
        ...names,
        "authors' code, quoted",
      ],
      rows: lines.map((line) => [
        line.mode,
        line.like,
        sizeName(line.size),
        line.dtype,
        String(line.iterations),
        digits(line.time.median),
        digits(line.time.min),
        `${(100 * line.time.spread).toFixed(0)}%`,
        digits(line.cpu.median),
        bytes(line.peakBytes),
        ...names.map((name) => peerCell(line.peers.find((peer) => peer.name === name))),
        line.official
          ? `${line.official.ms} ms${line.official.bytes ? `, ${bytes(line.official.bytes)}` : ""}`
          : "",
      ]),
    },
    {
      title:
        "The same through the iterations, on one thread and on as many as each chooses unasked (this many): milliseconds, on one thread of processor time; ratio of each pair",
      columns: [
        ...["<like", "<size", "<type", "T", "ours, 1", "torch, 1", "ratio"],
        ...["ours, unasked", "torch, unasked", "ratio, unasked"],
      ],
      rows: lines.filter(({ unasked }) => unasked).map(pairCells),
    },
    {
      title: `An implicit gradient at given factors, ${PRODUCTS} products, one thread; grows like entries to the power of ${exponents}; the Jacobian of the paper's method is computed, not allocated`,
      columns: [
        "<size",
        "<type",
        "ms",
        "min",
        "processor ms",
        "ns an entry",
        "products",
        "peak",
        "bytes an entry",
        "Jacobian",
      ],
      rows: growing.map(({ size, dtype, time, cpu, products, peakBytes, jacobianBytes: jacobian }) => [
        sizeName(size),
        dtype,
        digits(time.median),
        digits(time.min),
        digits(cpu.min),
        digits((cpu.min * 1e6) / (size.m * size.n)),
        String(products),
        bytes(peakBytes),
        digits(peakBytes / (size.m * size.n)),
        bytes(jacobian),
      ]),
    },
  ];
}

function pairCells(line) {
  const { like, size, dtype, iterations, cpu, unasked, peers } = line;
  const [one, theirs] = Object.keys(TEAMS).map((name) => peers.find(({ team }) => team === name));
  const cell = (peer, clock) => (peer?.time ? digits(peer[clock].median) : (peer?.verdict ?? ""));
  const ratio = (peer) => (peer?.ratio ? digits(peer.ratio) : "");
  const count = theirs?.threads.match(/(\d+) threads?$/)?.[1];
  return [
    ...[like, sizeName(size), dtype, String(iterations)],
    ...[digits(cpu.median), cell(one, "cpu"), ratio(one)],
    `${digits(unasked.time.median)} (${unasked.threads})`,
    theirs ? `${cell(theirs, "time")} (${count})` : "",
    ratio(theirs),
  ];
}

function peerCell(peer) {
  if (!peer?.time) return peer?.verdict ?? "";
  const { ratio, time, growth, verdict: agreement } = peer;
  return `${digits(ratio)} (${digits(time.median)}, ${bytes(growth)}; ${agreement})`;
}
