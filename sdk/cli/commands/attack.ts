import { Command, InvalidArgumentError, Option } from "commander";
import {
  AdvnmfError,
  type AttackResult,
  info,
  type LafaOptions,
  type LafaResult,
  lafa,
  type Matrix,
  type Model,
  type PartialAttacks,
  type Spread,
  sha256,
} from "../../index.js";
import { type FormatName, readMatrix } from "../../io/index.js";
import {
  addFilesOptions,
  type FilesFlags,
  initOption,
  parseNumber,
  parseNumbers,
  rankOption,
  seedOption,
  threadsOption,
} from "../arguments.js";
import { attackedSheet } from "../attacked-sheet.js";
import { factorFormat, likeInput, picturesOf, staleFiles } from "../factor-files.js";
import { EXIT, Failure, reading } from "../failure.js";
import { inputText, lossText, rankOf, writtenRows } from "../fit.js";
import { describeInput } from "../fit-record.js";
import { type Input, readInput } from "../input.js";
import { interruptible } from "../interrupt.js";
import { checkWritable, type OutputFile, writeTogether } from "../output-folder.js";
import { note, printColumns, printJson, printLine, printTable, readableBytes } from "../print.js";
import { attackReport } from "../progress.js";
import { relativeError } from "../relative-error.js";

const EXAMPLES = `Examples:
  advnmf attack lafa-synthetic --epsilons 0.01,0.025
  advnmf attack counts.csv --rank 4 --norm linf --epsilons 0.5 --gradient both
  advnmf attack swimmer --epsilons 0.01 --steps 10 --iterations 300 --evaluation-iterations 1000
  advnmf attack counts.csv --rank 4 --epsilons 0.02 --model atnmf --lambda 2
  advnmf attack photos/ --images columns --rank 5 --epsilons 0.005,0.01,0.02
`;

const OUTPUTS = `
Looks for data close to V whose factorization has other features (LaFA, arXiv 2408.03909). Writes to the folder of
--out, for each ε, perturbed-ε and delta-ε (in the input's own format where it can be written, else NPY);
attack.json with all figures and their controls; and, when V is made of pictures, features.png: the features, one
row before the attack and one for each ε. Ctrl-C saves the best points so far.`;

interface Flags extends FilesFlags {
  readonly rank?: number;
  readonly model?: Model;
  readonly lambda?: number;
  readonly maxInner?: number;
  readonly maxOuter?: number;
  readonly epsilons: readonly number[];
  readonly norm: "l2" | "linf";
  readonly compat?: "official";
  readonly attack?: "pgd" | "fgsm";
  readonly steps?: number;
  readonly stepSize?: number;
  readonly restarts?: number;
  readonly randomStart: boolean;
  readonly objective?: "feature-error" | "reconstruction";
  readonly gradient?: "implicit" | "backprop" | "both";
  readonly loss?: "kullback-leibler" | "frobenius";
  readonly iterations?: number;
  readonly backpropIterations?: number;
  readonly evaluationIterations: number;
  readonly damping?: number;
  readonly init: "random" | "half-normal" | "nndsvd" | "nndsvda";
  readonly seed: number;
  readonly clip?: readonly [number, number];
  readonly keep?: "best" | "last";
  readonly warmStart?: true;
  readonly referenceW?: string;
  readonly referenceH?: string;
  readonly otherStarts: number;
  readonly noiseTrials: number;
  readonly threads?: number;
}

/** `0,1`: the ends of the box. */
function parseClip(text: string): [number, number] {
  const [low, high, ...more] = text.split(",").map(parseNumber);
  if (low === undefined || high === undefined || more.length > 0)
    throw new InvalidArgumentError("Expected two numbers (such as 0,1).");
  return [low, high];
}

/** `advnmf attack INPUT --rank k --epsilons LIST`; `setExitCode` is told 130 when an interrupted run was saved. */
export function attackCommand(setExitCode: (code: number) => void): Command {
  const command = new Command("attack")
    .description("change V a little, so that its features change a lot")
    .addHelpText("before", EXAMPLES)
    .addHelpText("after", OUTPUTS)
    .argument("<input>", "file, folder of images, URL, data set, or - for standard input")
    .addOption(rankOption())
    .requiredOption(
      "--epsilons <list>",
      "sizes of the change: of ‖V‖ for l2, of an entry for linf",
      parseNumbers,
    )
    .addOption(
      new Option("--model <name>", "the victim (default: nmf), or one trained against an adversary").choices([
        "nmf",
        "atnmf",
      ]),
    )
    .option("--lambda <x>", "atnmf: what its adversary pays, above 1 (default: 2)", parseNumber)
    .option("--max-inner <n>", "atnmf: updates after each answer of the adversary (default: 25)", parseNumber)
    .option("--max-outer <n>", "atnmf: such answers at every step (default: 20)", parseNumber)
    .addOption(new Option("--norm <name>", "how it is measured").choices(["l2", "linf"]).default("l2"))
    .addOption(new Option("--compat <name>", "the procedure of LaFA's own code").choices(["official"]))
    .addOption(new Option("--attack <name>", "many steps (default: pgd), or one").choices(["pgd", "fgsm"]))
    .option("--steps <n>", "steps of pgd (default: 40)", parseNumber)
    .option("--step-size <x>", "the first step, in units of ε (default: 2)", parseNumber)
    .option(
      "--restarts <n>",
      "random points to begin at, all but one led to other features first (default: 4)",
      parseNumber,
    )
    .option("--no-random-start", "begin at V itself, where the feature error has no gradient")
    .addOption(
      new Option("--objective <name>", "what is raised (default: feature-error), or the loss").choices([
        "feature-error",
        "reconstruction",
      ]),
    )
    .addOption(
      new Option(
        "--gradient <name>",
        "of the feature error; both: the better (default: implicit, atnmf: backprop)",
      ).choices(["implicit", "backprop", "both"]),
    )
    .addOption(
      new Option(
        "--loss <name>",
        "what the victim minimises (default: kullback-leibler, atnmf: frobenius)",
      ).choices(["kullback-leibler", "frobenius"]),
    )
    .option("--iterations <n>", "of the victim at every step (default: 1000, official: 1600)", parseNumber)
    .option("--backprop-iterations <n>", "of these, with backprop (default: as --iterations)", parseNumber)
    .option("--evaluation-iterations <n>", "of the victim when it is judged", parseNumber, 10_000)
    .option("--damping <x>", "of the implicit system (default: 0.01)", parseNumber)
    .addOption(initOption("random"))
    .addOption(seedOption())
    .option("--clip <low,high>", "the box that entries stay in (default: 0 to V's largest)", parseClip)
    .addOption(new Option("--keep <point>", "of an attack (default: best)").choices(["best", "last"]))
    .option("--warm-start", "begin each step at the factors of the step before, not at the victim's start")
    .option(
      "--reference-w <file>",
      "measure against this W (with --reference-h), not against the victim's features of V",
    )
    .option("--reference-h <file>", "measure against this H (with --reference-w)")
    .option("--other-starts <n>", "starts that the attacker does not know, to compare", parseNumber, 5)
    .option("--noise-trials <n>", "random changes of the same size, to compare", parseNumber, 3)
    .addOption(threadsOption());
  return addFilesOptions(command).action(async (name: string, flags: Flags) => {
    if (await interruptible((signal) => attack(name, flags, signal))) setExitCode(EXIT.interrupted);
  });
}

/** Returns whether it was interrupted. */
async function attack(name: string, flags: Flags, signal: AbortSignal): Promise<boolean> {
  await checkWritable(flags.out);
  const input = await readInput(name, flags, signal);
  const reference = await readReference(flags, signal);
  const options = lafaOptions(flags, rankOf(flags, input, "attack"), reference);
  const format = flags.outputFormat ?? factorFormat(input);
  const { version, runtime } = await info();
  const quiet = flags.quiet ?? false;
  if (!quiet) note(`attacking ${inputText(input)} at rank ${options.rank}`);
  const outcome = await attacked(input, options, quiet, signal);
  const { whole, points } = outcome;
  const warnings = (whole?.results ?? []).flatMap(({ epsilon, warnings: own }) =>
    own.map((warning) => `ε = ${epsilon}: ${warning}`),
  );
  for (const warning of warnings) note(`warning: ${warning}`);

  const files = pointFiles(input, points, format);
  const perturbed = files
    .filter(({ name: file }) => file.startsWith("perturbed"))
    .map(({ name: file }) => file);
  const delta = files.filter(({ name: file }) => file.startsWith("delta")).map(({ name: file }) => file);
  const pictures = picturesOf(input);
  if (whole && pictures)
    files.push({ name: "features.png", bytes: attackedSheet(pictures, whole.reference, whole.results) });
  const names = {
    perturbed,
    delta,
    attack: "attack.json",
    ...(whole && pictures ? { features: "features.png" } : {}),
  };
  const record = {
    input: await describeInput(input),
    method: "lafa",
    options: { ...resolvedOptions(options, input), reference: await describeReference(flags, reference) },
    reason: whole ? "finished" : "aborted",
    assumption: whole?.assumption ?? null,
    results: whole
      ? await Promise.all(whole.results.map(resultRecord))
      : await Promise.all(
          points.map(async ({ epsilon, perturbed: X, featureError }) => ({
            epsilon,
            attackFeatureError: featureError,
            sha256: { perturbed: await sha256(X) },
          })),
        ),
    baseline: whole
      ? {
          ...whole.baseline,
          // The victim's factors of V are not at hand where something else is measured against.
          reconstructionError: reference ? null : relativeError(input.matrix, whole.reference),
        }
      : null,
    seconds: whole?.seconds ?? null,
    peakBytes: whole?.peakBytes ?? null,
    versions: { advnmf: version, runtime },
    warnings,
    files: names,
  };
  files.push({ name: names.attack, bytes: JSON.stringify(record, null, 2) + "\n" });
  const written = Object.values(names).flat();
  await writeTogether(flags.out, files, await staleFiles(flags.out, written));

  if (flags.json) printJson({ ...record, out: flags.out });
  else if (!quiet) {
    printTable([
      ["input", inputText(input)],
      ["rank", String(options.rank)],
      ["victim", victimText(record.options)],
      ...(whole
        ? ([
            ["seconds", whole.seconds.toFixed(3)],
            ["peak memory", readableBytes(whole.peakBytes)],
          ] as const)
        : []),
      ...writtenRows(written, flags.out),
    ]);
    if (whole) printFigures(whole, record.baseline?.reconstructionError ?? null);
    else printPoints(points);
  }
  return whole === undefined;
}

/** What feature errors are measured against. */
interface Reference {
  readonly W: Matrix;
  readonly H: Matrix;
}

async function readReference(
  { referenceW, referenceH }: Flags,
  signal: AbortSignal,
): Promise<Reference | undefined> {
  if (referenceW === undefined && referenceH === undefined) return undefined;
  if (referenceW === undefined || referenceH === undefined) {
    throw new Failure(
      EXIT.usage,
      "USAGE",
      "--reference-w and --reference-h belong together: give both or none",
    );
  }
  const read = (path: string) => reading(() => readMatrix(path, { signal }));
  return { W: await read(referenceW), H: await read(referenceH) };
}

/** What attack.json says of the reference. */
async function describeReference({ referenceW, referenceH }: Flags, reference: Reference | undefined) {
  if (reference === undefined) return null;
  return {
    W: { name: referenceW, sha256: await sha256(reference.W) },
    H: { name: referenceH, sha256: await sha256(reference.H) },
  };
}

/** The flags that decide the result, as the SDK takes them: those that were given. */
function lafaOptions(flags: Flags, rank: number, reference: Reference | undefined): LafaOptions {
  const given = {
    model: flags.model,
    lambda: flags.lambda,
    maxInner: flags.maxInner,
    maxOuter: flags.maxOuter,
    loss: flags.loss,
    compat: flags.compat,
    attack: flags.attack,
    steps: flags.steps,
    stepSize: flags.stepSize,
    restarts: flags.restarts,
    // Commander knows no flag that is either false or not given.
    randomStart: flags.randomStart ? undefined : false,
    objective: flags.objective,
    gradient: flags.gradient,
    iterations: flags.iterations,
    backpropIterations: flags.backpropIterations,
    damping: flags.damping,
    clip: flags.clip,
    keep: flags.keep,
    warmStart: flags.warmStart,
    reference,
    threads: flags.threads,
  };
  return {
    rank,
    epsilons: flags.epsilons,
    norm: flags.norm,
    evaluationIterations: flags.evaluationIterations,
    init: flags.init,
    seed: flags.seed,
    otherStarts: flags.otherStarts,
    noiseTrials: flags.noiseTrials,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
}

/** Every option as it was in force; null where the procedure has none such. */
function resolvedOptions(options: LafaOptions, { matrix }: Input) {
  const { threads: _, reference: __, ...given } = options;
  let largest = 0;
  for (const entry of matrix.data) largest = Math.max(largest, entry);
  const hardened = options.model === "atnmf";
  const common = {
    model: "nmf",
    objective: "feature-error",
    gradient: hardened ? "backprop" : "implicit",
    loss: hardened ? "frobenius" : "kullback-leibler",
    steps: 40,
    clip: [0, largest],
  } as const;
  const iterations = hardened ? null : (options.iterations ?? (options.compat ? 1600 : 1000));
  return {
    ...common,
    ...(options.compat
      ? {
          attack: null,
          stepSize: null,
          restarts: 1,
          randomStart: null,
          damping: null,
          keep: "last",
          warmStart: null,
        }
      : {
          compat: null,
          attack: "pgd",
          stepSize: 2,
          restarts: 4,
          randomStart: true,
          damping: hardened ? null : 0.01,
          keep: "best",
          warmStart: false,
        }),
    ...(hardened ? { lambda: 2, maxInner: 25, maxOuter: 20 } : {}),
    iterations,
    backpropIterations: iterations,
    ...given,
    ...(options.attack === "fgsm" ? { steps: 1 } : {}),
    ...(options.objective === "reconstruction" ? { gradient: null } : {}),
    dtype: matrix.data instanceof Float32Array ? "f32" : "f64",
  };
}

function victimText(options: ReturnType<typeof resolvedOptions>): string {
  const method = options.model === "atnmf" ? `AT-NMF, λ = ${options.lambda}` : lossText(options.loss);
  return `${method}, ${options.evaluationIterations} iterations`;
}

/** What an attack came to: all of it, or the points that it had got to when it was interrupted. */
interface Outcome {
  readonly whole?: LafaResult;
  readonly points: PartialAttacks["results"];
}

async function attacked(
  { matrix }: Input,
  options: LafaOptions,
  quiet: boolean,
  signal: AbortSignal,
): Promise<Outcome> {
  const { stop, ...progress } = await attackReport(quiet, signal);
  try {
    const whole = await lafa(matrix, { ...options, ...progress, signal });
    return { whole, points: whole.results };
  } catch (error) {
    if (error instanceof AdvnmfError && error.code === "ABORTED" && error.best)
      return { points: (error.best as PartialAttacks).results };
    throw error;
  } finally {
    stop();
  }
}

/** The perturbed matrix and what was added, for each ε. */
function pointFiles(input: Input, points: PartialAttacks["results"], format: FormatName): OutputFile[] {
  const V = input.matrix.data;
  return points.flatMap(({ epsilon, perturbed }) => {
    const data = Float64Array.from(perturbed.data, (entry, at) => entry - (V[at] as number));
    const delta = { rows: perturbed.rows, cols: perturbed.cols, data };
    return [
      likeInput(input, perturbed, "perturbed", format, `perturbed-${epsilon}`),
      likeInput(input, delta, "delta", format, `delta-${epsilon}`),
    ];
  });
}

/** A result without its matrices, which have files and digests. */
async function resultRecord(result: AttackResult) {
  const { perturbed, delta, W, H, ...figures } = result;
  const digests = {
    perturbed: await sha256(perturbed),
    delta: await sha256(delta),
    W: await sha256(W),
    H: await sha256(H),
  };
  return { ...figures, sha256: digests };
}

function printFigures({ results, baseline, assumption }: LafaResult, unattackedError: number | null): void {
  const figure = (value: number) => value.toFixed(3);
  printLine("");
  printColumns([
    ["ε", "size", "feature error", "of W", "of H", "reconstruction", "noise", "by loss", "other starts"],
    [
      "0",
      "0",
      figure(baseline.unattacked),
      "",
      "",
      unattackedError?.toPrecision(3) ?? "",
      "",
      "",
      figure(baseline.refit.mean),
    ],
    ...results.map((result, at) => [
      String(result.epsilon),
      result.size.toPrecision(3),
      figure(result.featureError),
      figure(result.featureErrorW),
      figure(result.featureErrorH),
      result.reconstructionError.toPrecision(3),
      figure((baseline.noise[at] as Spread).mean),
      figure(baseline.reconstruction[at] as number),
      figure(result.transfer.mean),
    ]),
  ]);
  const starts = baseline.refit.values.length;
  const others = starts === 1 ? "of one start" : `the mean over ${starts} starts`;
  printLine(`
${assumption.replace(/; `transfer`.*/, ".")} Feature error: of what the victim
finds from its own start, against ${unattackedError === null ? "the given reference" : "its features of V"}. Noise: the same of random changes of the same size. By loss: the same of an attack that raises the
victim's loss. Other starts: ${others} that the attacker does not know, of V in the first line and
of the changed data below.`);
}

function printPoints(points: PartialAttacks["results"]): void {
  printLine("\nInterrupted: feature errors as the attack saw them, not judged by a whole factorization.");
  printColumns([
    ["ε", "feature error"],
    ...points.map(({ epsilon, featureError }) => [String(epsilon), featureError.toFixed(3)]),
  ]);
}
