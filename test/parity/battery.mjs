// The parity battery: fixed problems over all losses, solvers, masks, starts, number types and odd shapes.
// Its digest must be the same in every runtime and for every number of threads. Plain JavaScript that
// touches nothing but the SDK it is given, so that it runs anywhere.

const LOSSES = [
  "frobenius",
  "kullback-leibler",
  "itakura-saito",
  { beta: 0.5 },
  { beta: 1.5 },
  { beta: 3 },
  { cauchy: 0.3 },
  { cauchy: "auto" },
];
const COMMON = ["frobenius", "kullback-leibler"];
const TYPES = ["f64", "f32"];

/** What may be missing from V, and how that is told; first nothing. */
const HOLES = ["none", "ignore", "zero-fill", "weights", "nan"];

/** Rows, columns and rank: the smallest, the odd, rank 1 and the greatest rank, and the usual. */
const SHAPES = [
  [1, 1, 1],
  [1, 9, 1],
  [9, 1, 1],
  [17, 3, 1],
  [17, 3, 3],
  [3, 17, 1],
  [3, 17, 3],
  [9, 9, 9],
  [40, 31, 7],
  [64, 48, 8],
  [23, 130, 5],
];

/** Those of them that are tried with missing entries too. */
const ODD = [
  [17, 3, 3],
  [3, 17, 1],
];

/** Enough panels that both factors are cut into more chunks than a team has members. */
const LARGE = [
  [200, 300, 5],
  [61, 403, 7],
  [403, 61, 4],
  [130, 170, 33],
];

/** All ways to choose one of each list, as objects. */
function product(lists) {
  return Object.entries(lists).reduce(
    (found, [key, values]) => found.flatMap((one) => values.map((value) => ({ ...one, [key]: value }))),
    [{}],
  );
}

function problems() {
  const usual = { shape: [[40, 31, 5]], type: TYPES };
  const solvers = [
    { solver: "mu", order: "HW", epsilon: 1e-10 },
    { solver: "mu", loss: "kullback-leibler", order: "HW", epsilon: 1e-10 },
    { solver: "hals" },
    { solver: "hals", order: "HW" },
    { solver: "hals", innerSweeps: "auto" },
    { solver: "hals", innerSweeps: 3 },
    { solver: "hals", extrapolate: true },
    { solver: "hals", holes: "ignore", l1H: 0.01, l2W: 0.02 },
    { l1W: 0.01, l2H: 0.02, restarts: 3 },
    { loss: "kullback-leibler", l1W: 0.01, l1H: 0.02, l2W: 0.03, l2H: 0.04, restarts: 2 },
    { solver: "mu", l1H: 0.02, l2H: 0.01 },
    { stopping: "kkt", tolerance: 1e-3, maxIterations: 500 },
    { loss: "kullback-leibler", stopping: "kkt", tolerance: 1e-2, maxIterations: 500 },
    { tolerance: 0, maxIterations: 120 },
    // Entries sink below the smallest normal number, where they are flushed.
    { solver: "mu", data: "counts", tolerance: 0, maxIterations: 1000 },
    { loss: "kullback-leibler", data: "counts", tolerance: 0, maxIterations: 1000 },
    { loss: "itakura-saito", tolerance: 0, maxIterations: 1000 },
  ];
  const teams = [
    { solver: "auto" },
    { solver: "mu" },
    { solver: "hals" },
    { loss: "kullback-leibler" },
    { loss: "itakura-saito" },
    { loss: { cauchy: "auto" } },
    { solver: "hals", holes: "weights" },
    { solver: "mu", holes: "ignore" },
    { loss: "kullback-leibler", holes: "weights" },
    { solver: "mu", restarts: 3, init: "half-normal" },
  ];
  return [
    ...product({ ...usual, loss: LOSSES, holes: HOLES }),
    ...product({ shape: SHAPES, type: TYPES, loss: COMMON }),
    ...product({ shape: ODD, type: TYPES, loss: COMMON, holes: HOLES.slice(1) }),
    ...product({
      ...usual,
      loss: COMMON,
      init: ["half-normal", "nndsvd", "nndsvda", "given"],
      data: ["uniform", "counts"],
    }),
    ...product({ ...usual, with: solvers }),
    ...product({ shape: LARGE, type: TYPES, with: teams }).map((one) => ({ ...one, maxIterations: 15 })),
  ].map(({ with: options, ...problem }) => ({ ...problem, ...options }));
}

/** Problems with an adversary. */
function hardened() {
  const usual = { shape: [[40, 31, 5]], type: TYPES };
  const short = { maxOuter: 4, maxInner: 25 };
  const adversaries = [{ lambda: 2 }, { adversary: { linf: 0.1 } }];
  const others = [
    { lambda: 3, maxOuter: 20, maxInner: 200, epsilonInner: 0.1, epsilonOuter: 0.5 },
    { lambda: 1.2, data: "counts", order: "HW", epsilon: 1e-10 },
    { lambda: Number.POSITIVE_INFINITY, init: "random" },
    { lambda: 5, init: "given", restarts: 1 },
    { lambda: [1.5, 3], restarts: 1 },
    { lambda: 2, restarts: 3 },
  ];
  const losses = [...COMMON, { beta: 1.5 }, { beta: 3 }];
  const radius = ({ adversary, holes }) => adversary && (holes === "zero-fill" || holes === "nan");
  return [
    ...product({ ...usual, loss: losses, holes: HOLES, with: adversaries }),
    ...product({ ...usual, with: others }),
    ...product({ shape: LARGE, type: TYPES, loss: COMMON, with: adversaries }),
  ]
    .map(({ with: options, ...problem }) => ({ ...short, ...problem, ...options }))
    .filter((problem) => !radius(problem));
}

/** Problems of two parties. */
function bilevel() {
  const usual = { shape: [[40, 31, 5]], type: TYPES, maxIterations: [60] };
  const short = {
    shape: [
      [23, 130, 4],
      [17, 3, 2],
      [9, 9, 1],
    ],
    type: ["f64"],
    maxIterations: [40],
  };
  const targets = ["permuted", "mean", "zero"];
  return [
    ...product({ ...usual, target: targets, holes: HOLES.filter((holes) => holes !== "weights") }),
    ...product({ ...short, target: targets }),
    ...product({
      ...usual,
      with: [{ gauge: "none" }, { beta: 0 }, { beta: 1, lambda: 0.2 }, { restarts: 3 }],
    }),
  ].map(({ with: options, ...problem }) => ({ ...problem, ...options }));
}

/** Gradients of the feature error. */
function gradients() {
  const modes = [
    { mode: "backprop", iterations: 12 },
    { mode: "implicit", iterations: 30, damping: 0.1 },
    { mode: "implicit", iterations: 30, order: "WH", damping: 0, maxProducts: 40 },
  ];
  const converged = { mode: "implicit", iterations: 50, converge: 1e-4, maxProducts: 60 };
  const odd = SHAPES.filter(([rows, cols]) => rows > 1 && cols > 1);
  const shapes = [...odd, ...LARGE];
  return [
    ...product({ shape: shapes, type: TYPES, loss: COMMON, with: modes }),
    ...product({ shape: [[40, 31, 5]], type: TYPES, loss: COMMON, with: [converged] }),
    // Many checkpoints, the last segment shorter than the others.
    ...product({
      shape: [[40, 31, 3]],
      type: TYPES,
      loss: COMMON,
      with: [{ mode: "backprop", iterations: 90 }],
    }),
    ...product({
      // Ranks at which no feature vanishes under the adversary.
      shape: [
        [40, 31, 3],
        [17, 130, 2],
        [200, 300, 5],
        [61, 403, 7],
      ],
      type: TYPES,
      with: [{ model: "atnmf", lambda: 4, innerIterations: 4, outerIterations: 3 }],
    }),
  ].map(({ with: options, ...problem }) => ({ ...problem, ...options }));
}

/** What `lafa.gradient` tells in numbers. */
const GRADIENT_FIGURES = [
  "featureError",
  "featureErrorW",
  "featureErrorH",
  "iterations",
  "residual",
  "products",
  "stationarity",
  "curvature",
  "multiplier",
  "leak",
  "relativeError",
];

/** The arguments of `lafa.gradient` for a problem, and the reference. */
function prepareGradient({ shape, type, ...options }) {
  const [rows, cols, rank] = shape;
  const seed = seedOf(nameOf({ shape, type, ...options }));
  const typed = (values) => (type === "f32" ? Float32Array.from(values) : values);
  const factor = (m, n, stream) => ({ rows: m, cols: n, data: typed(numbers(m * n, seed + stream)) });
  const factors = { W: factor(rows, rank, 2), H: factor(rank, cols, 3) };
  return {
    V: factor(rows, cols, 1),
    factors,
    options: { W: factor(rows, rank, 4), H: factor(rank, cols, 5), reference: factors, ...options },
  };
}

/** Sensitivities: short of a stationary point, where the linear systems are damped, and near one. */
function sensitivities() {
  const ways = [
    { converge: false, count: 2, tolerance: 1e-3 },
    { converge: 1e-3, count: 3, tolerance: 1e-2, feature: 1 },
  ];
  const shapes = [
    [17, 13, 3],
    [40, 31, 5],
    [61, 203, 3],
  ];
  return product({ shape: shapes, type: TYPES, loss: COMMON, with: ways }).map(
    ({ with: options, ...problem }) => ({ ...problem, ...options }),
  );
}

/** What `sensitivity` tells in numbers. */
const SENSITIVITY_FIGURES = [
  "amplification",
  "iterations",
  "stationarity",
  "curvature",
  "multiplier",
  "damping",
  "residual",
  "products",
  "relativeError",
];

/** Whole attacks, short ones. */
function attacks() {
  const short = {
    iterations: 25,
    evaluationIterations: 60,
    restarts: 2,
    otherStarts: 1,
    noiseTrials: 1,
  };
  const ways = [
    { norm: "l2", epsilons: [0.02, 0.1], gradient: "both", steps: 8 },
    { norm: "linf", epsilons: [0.05], gradient: "implicit", steps: 4 },
    { norm: "l2", epsilons: [0.05], attack: "fgsm", objective: "reconstruction" },
    { norm: "linf", epsilons: [0.05], compat: "official", gradient: "backprop", steps: 4 },
  ];
  const { iterations: _, ...others } = short;
  const hardened = { model: "atnmf", lambda: 4, maxInner: 5, maxOuter: 4, epsilons: [0.05], steps: 4 };
  return [
    ...product({ shape: [[17, 13, 3]], type: TYPES, loss: COMMON, with: ways })
      .filter(({ loss, with: { compat } }) => !compat || loss === "kullback-leibler")
      .map(({ with: options, ...problem }) => ({ ...problem, ...short, ...options })),
    ...product({ shape: [[17, 13, 3]], type: TYPES }).map((problem) => ({
      ...problem,
      ...others,
      ...hardened,
    })),
  ];
}

/** `40x31 k=5 f64 kullback-leibler ignore`: how the problem is listed, and what its numbers are drawn from. */
function nameOf({ shape: [rows, cols, rank], type, loss = "frobenius", holes = "none", ...options }) {
  const words = [`${rows}x${cols} k=${rank}`, type, word(loss)];
  if (holes !== "none") words.push(holes);
  for (const [key, value] of Object.entries(options)) words.push(`${key}=${word(value)}`);
  return words.join(" ");
}

const word = (value) => (typeof value === "object" ? Object.entries(value).flat().join("-") : String(value));

/** Numbers in (0, 1] by integer arithmetic only (mulberry32). */
function numbers(count, seed) {
  const values = new Float64Array(count);
  let state = seed >>> 0;
  for (let i = 0; i < count; i++) {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    values[i] = (((t ^ (t >>> 14)) >>> 0) + 1) / 4294967296;
  }
  return values;
}

/** Lists of numbers, one behind the other. */
function joined(lists) {
  const all = new Float64Array(lists.reduce((length, list) => length + list.length, 0));
  let end = 0;
  for (const list of lists) {
    all.set(list, end);
    end += list.length;
  }
  return all;
}

/** FNV-1a: a problem's numbers depend on its name, not on its place in the list. */
function seedOf(name) {
  let hash = 0x811c9dc5;
  for (const letter of name) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) >>> 0;
  return hash;
}

/** The arguments of `nmf` for a problem: V, what is missing from it, and the other options. */
function prepare(problem) {
  const { shape, type, holes = "none", data = "uniform", init, ...options } = problem;
  const [rows, cols, rank] = shape;
  const seed = seedOf(nameOf(problem));
  const typed = (values) => (type === "f32" ? Float32Array.from(values) : values);
  const factor = (m, n, stream) => ({ rows: m, cols: n, data: typed(numbers(m * n, seed + stream)) });
  let values = numbers(rows * cols, seed + 1);
  // Whole numbers, most of them small, many 0, as in counts.
  if (data === "counts") values = values.map((x) => Math.floor(9 * x * x));
  const weights = holes === "none" ? undefined : weightsFor(rows * cols, seed + 2);
  if (holes === "nan") values = values.map((x, i) => (weights[i] === 0 ? Number.NaN : x));
  const given = init === "given" ? { W: factor(rows, rank, 3), H: factor(rank, cols, 4) } : init;
  return {
    V: { rows, cols, data: typed(values) },
    missing: missingOptions(holes, weights, rows, cols),
    options: { rank, seed, maxIterations: 40, ...options, ...(init && { init: given }) },
  };
}

/** Weights up to 2, a fifth of them 0, but never the first: however small the matrix, something is observed. */
function weightsFor(count, seed) {
  return numbers(count, seed).map((x, i) => (i > 0 && x < 0.2 ? 0 : 2 * x));
}

function missingOptions(holes, weights, rows, cols) {
  if (holes === "none") return {};
  if (holes === "nan") return { missing: "ignore" };
  if (holes === "weights") return { mask: { rows, cols, data: weights } };
  return { mask: Uint8Array.from(weights, Math.sign), missing: holes };
}

/**
 * Runs every problem on `advnmf` (the main entry, or what offers its names), and returns one digest of all
 * results, the number of problems, and the digest of each, cut short. `threads` and `engine` go to every
 * call, when given.
 *
 * @throws Error when a call used another number of threads.
 */
export async function battery(advnmf, { threads, engine } = {}) {
  const { nmf, atnmf, anmf, lafa, fragility, featureError, sensitivity, selectRank, sha256, datasets } =
    advnmf;
  const on = { ...(threads && { threads }), ...(engine && { engine }) };
  const parts = {};

  const digestOf = (values) => sha256({ rows: 1, cols: values.length, data: Float64Array.from(values) });
  // f32 are f64 too, so one digest covers all that a call returned.
  const note = async (name, ...results) => {
    if (parts[name]) throw new Error(`two problems are called ${name}`);
    const digest = await digestOf(joined(results));
    parts[name] = digest.slice(0, 16);
  };
  // Starts may be tried apart, on no more threads than there are starts.
  const checkTeam = (name, used, restarts = threads) => {
    if (!threads || used === threads || used === Math.min(threads, restarts)) return;
    throw new Error(`${name}: ${used} threads instead of ${threads}`);
  };

  async function factorize(name, V, options, missing) {
    const fit = await nmf(V, { ...options, ...missing, ...on });
    checkTeam(name, fit.threads, options.restarts);
    const projected = await fit.transform(V, { maxIterations: 5, ...missing, ...on });
    checkTeam(`${name}, transform`, projected.threads);
    const { loss, relativeError, iterations, history, restarts, cauchyScale = 0 } = fit;
    const losses = [...history, ...restarts].map((entry) => entry.loss);
    await note(
      name,
      fit.W.data,
      fit.H.data,
      [loss, relativeError, iterations, cauchyScale, ...losses],
      fit.reconstruct().data,
      projected.H.data,
      [projected.loss, projected.relativeError],
    );
  }

  for (const problem of problems()) {
    const { V, missing, options } = prepare(problem);
    await factorize(nameOf(problem), V, options, missing);
  }
  for (const problem of hardened()) {
    const { V, missing, options } = prepare(problem);
    const { maxIterations: _, ...own } = options;
    const name = `at-nmf ${nameOf(problem)}`;
    const fit = await atnmf(V, { ...own, ...missing, ...on });
    checkTeam(name, fit.threads, own.restarts);
    const { W, H, R, loss, saddle, innerIterations, history, lambda = 0, lambdas = [] } = fit;
    const figures = history.flatMap((entry) => [entry.loss, entry.objective, entry.saddle, entry.effort]);
    const scores = lambdas.map(({ heldOutError }) => heldOutError);
    await note(name, W.data, H.data, R.data, [
      loss,
      saddle,
      lambda,
      ...innerIterations,
      ...figures,
      ...scores,
    ]);
  }
  for (const problem of bilevel()) {
    const { V, missing, options } = prepare(problem);
    // One problem is one thread's; starts are tried apart.
    const { W, H, attackedW, objective, kkt, history } = await anmf(V, { ...options, ...missing, ...on });
    const figures = history.flatMap((entry) => [entry.iteration, entry.objective]);
    await note(`anmf ${nameOf(problem)}`, W.data, H.data, attackedW.data, [objective, kkt, ...figures]);
  }
  for (const problem of gradients()) {
    const name = `lafa ${nameOf(problem)}`;
    const { V, options, factors } = prepareGradient(problem);
    const found = await lafa.gradient(V, { ...options, ...on });
    checkTeam(name, found.threads);
    const { W, H, gradient, matching, reliable } = found;
    const figures = GRADIENT_FIGURES.map((figure) => found[figure]);
    const { value, w, h } = featureError(factors, { W, H });
    await note(name, W.data, H.data, gradient.data, matching, [Number(reliable), ...figures, value, w, h]);
  }
  for (const problem of sensitivities()) {
    const name = `sensitivity ${nameOf(problem)}`;
    const { shape, type, ...options } = problem;
    const { V, factors } = prepareGradient({ shape, type, loss: options.loss });
    const found = await sensitivity(V, factors, { ...options, ...on });
    checkTeam(name, found.threads);
    const { W, H, map, singularValues, right, left, features, reliable } = found;
    const vectors = [...right, ...left.flatMap((one) => [one.W, one.H])].map(({ data }) => data);
    const figures = SENSITIVITY_FIGURES.map((figure) => found[figure]);
    const alone = features.map(({ amplification }) => amplification);
    await note(name, W.data, H.data, map.data, ...vectors, singularValues, alone, figures, [
      Number(reliable),
    ]);
  }
  for (const problem of attacks()) {
    const { shape, type, restarts, ...options } = problem;
    const [rows, cols, rank] = shape;
    const name = `attack ${nameOf(problem)}`;
    const values = numbers(rows * cols, seedOf(name));
    const V = { rows, cols, data: type === "f32" ? Float32Array.from(values) : values };
    const own = options.compat ? options : { ...options, restarts };
    const { results, baseline } = await lafa(V, { rank, seed: 3, ...own, ...on });
    const found = results.flatMap((one) => [one.perturbed.data, one.W.data, one.H.data]);
    const figures = results.flatMap((one, at) => [
      one.size,
      one.featureError,
      ...baseline.noise[at].values,
      ...one.transfer.values,
    ]);
    await note(name, ...found, [...figures, ...baseline.refit.values]);
  }
  const law = await fragility.linear({ dimension: 9, trials: 30, seed: 2, ...on });
  checkTeam("linear law", law.threads);
  await note("linear law", law.distance, law.apart, law.cosine, law.predicted, law.corner, law.inverseNorm);
  for (const type of ["f64", "f32"]) {
    for (const depth of [0, 1, 2]) {
      for (const activation of ["relu", "linear"]) {
        const name = `network ${type} ${depth} ${activation}`;
        const values = numbers(70 * 5, seedOf(name));
        const X = { rows: 70, cols: 5, data: type === "f32" ? Float32Array.from(values) : values };
        const labels = Array.from({ length: 70 }, (_, i) => (i * i) % 3);
        const options = { activation, depth, hidden: 13, batchSize: 32, maxIterations: 20, ...on };
        const net = await fragility.train(X, labels, { seed: 6, learningRate: 0.02, ...options });
        checkTeam(name, net.threads);
        const [own, other] = [0, 5].map((at) => X.data.slice(at, at + 5));
        const alone = engine ? { engine } : {};
        const seen = await fragility.compression(net, own, other, {
          classes: [0, 1],
          midpoints: 20,
          ...alone,
        });
        const turned = await fragility.attack(net, own, undefined, alone);
        const { loss, X: slopes } = await fragility.gradient(net, X, labels, alone);
        const weights = net.layers.flatMap(({ W, b }) => [W.data, b]);
        await note(name, ...weights, seen.path.cosine, seen.path.margin, turned.perturbation, slopes.data, [
          net.loss,
          net.accuracy,
          loss,
          seen.compression,
          seen.flip?.predicted ?? -1,
          turned.distance,
        ]);
      }
    }
  }
  for (const [name, { rank }] of Object.entries(datasets.facts)) {
    const V = await datasets.load(name, { seed: 5, ...(engine && { engine }) });
    await note(name, V.data);
    await factorize(`${name} factorized`, V, { rank, seed: 5, maxIterations: 15 }, {});
  }
  const V = { rows: 24, cols: 20, data: numbers(480, 7) };
  for (const method of ["held-out", "consensus"]) {
    const options = { ranks: [1, 2, 3], method, repeats: 3, maxIterations: 20, ...on };
    const { rank, scores } = await selectRank(V, options);
    await note(`rank by ${method}`, [rank, ...scores.flatMap(Object.values)]);
  }
  const names = Object.keys(parts);
  const lines = names.map((name) => `${name} ${parts[name]}`).join("\n");
  const digest = await digestOf(Array.from(lines, (letter) => letter.charCodeAt(0)));
  return { digest, problems: names.length, parts };
}
