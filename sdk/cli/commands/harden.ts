import { Command } from "commander";
import { info, type Matrix, type StopReason, sha256 } from "../../index.js";
import {
  addFilesOptions,
  type FilesFlags,
  initOption,
  maskOption,
  missingOption,
  parseAdversary,
  parseLoss,
  parseNumber,
  parseNumberOrAuto,
  rankOption,
  restartsOption,
  seedOption,
  threadsOption,
} from "../arguments.js";
import { factorFiles, factorFormat, likeInput, picturesOf, staleFiles } from "../factor-files.js";
import { EXIT } from "../failure.js";
import { inputText, lossText, rankOf, secondsText, writtenRows } from "../fit.js";
import { describeInput } from "../fit-record.js";
import { type HardenFlags, type Hardening, hardenAtnmf } from "../hardening.js";
import { type Hidden, hiddenEntries, rootMeanSquare } from "../hidden.js";
import { type Input, readInput } from "../input.js";
import { interruptible } from "../interrupt.js";
import { checkWritable, writeTogether } from "../output-folder.js";
import { note, printJson, printLine, printTable } from "../print.js";
import { restoredSheet, type SheetRow, shownPictures } from "../restored-sheet.js";

const EXAMPLES = `Examples:
  advnmf harden faces                            hides 60% of a data set; writes restored.png
  advnmf harden faces --missing zero-fill --lambda 2
  advnmf harden photos/ --images columns --rank 49 --hide 0.6
  advnmf harden counts.csv --rank 4 --hide 0.2 --lambda auto
  advnmf harden scene.mat --variable V --rank 5 --mask mask1.mat --json
`;

const OUTPUTS = `
Fits AT-NMF and, to compare, the same without an adversary; tells how far each is from the hidden entries. Writes
to the folder of --out: W, H and R, the adversary's answer to them (in the input's own format where it can be
written, else NPY), fit.json and, when V is made of pictures, features.png and restored.png: originals, what was
visible, and what became of it. Ctrl-C saves the best result so far.`;

type Flags = HardenFlags & FilesFlags;

/** `advnmf harden INPUT --rank k`; `setExitCode` is told 130 when an interrupted run was saved. */
export function hardenCommand(setExitCode: (code: number) => void): Command {
  const command = new Command("harden")
    .description("factorize against an adversary, and restore what is hidden")
    .addHelpText("before", EXAMPLES)
    .addHelpText("after", OUTPUTS)
    .argument("<input>", "file, folder of images, URL, data set, or - for standard input")
    .addOption(rankOption())
    .option(
      "--lambda <x>",
      "what the adversary pays, above 1, or auto: tries six (default: 3)",
      parseNumberOrAuto,
    )
    .option(
      "--adversary <kind>",
      "penalty, or linf=RADIUS: no entry moves by more",
      parseAdversary,
      "penalty" as const,
    )
    .option("--loss <name>", "frobenius, kullback-leibler or beta=B, B ≥ 1", parseLoss, "frobenius" as const)
    .option("--hide <share>", "hide this share of the entries (default: 0.6 of a data set)", parseNumber)
    .addOption(maskOption())
    .addOption(
      missingOption(
        "allow NaN as missing; hidden entries take no part, or count as zeros (the paper's code)",
      ),
    )
    .addOption(initOption("half-normal"))
    .addOption(seedOption())
    .addOption(restartsOption())
    .option("--epsilon-inner <x>", "change of WH that ends an inner loop; 0: none", parseNumber, 0.01)
    .option("--epsilon-outer <x>", "change of WH that ends the outer loop; 0: none", parseNumber, 0.01)
    .option("--max-inner <n>", "most iterations of an inner loop (the paper: 1000)", parseNumber, 50)
    .option("--max-outer <n>", "most outer iterations (the paper: 100)", parseNumber, 20)
    .addOption(threadsOption());
  return addFilesOptions(command).action(async (name: string, flags: Flags) => {
    if (await interruptible((signal) => harden(name, flags, signal))) setExitCode(EXIT.interrupted);
  });
}

/** Returns whether it was interrupted. */
async function harden(name: string, flags: Flags, signal: AbortSignal): Promise<boolean> {
  await checkWritable(flags.out);
  const input = await readInput(name, flags, signal);
  const rank = rankOf(flags, input, "harden");
  const format = flags.outputFormat ?? factorFormat(input);
  const { version, runtime } = await info();
  const hidden = await hiddenEntries(input, flags, signal);
  const quiet = flags.quiet ?? false;
  if (!quiet) note(`hardening ${inputText(input)} at rank ${rank}`);
  const hardening = await hardenAtnmf(input, { ...flags, rank }, hidden, quiet, signal);
  const { fit } = hardening;
  for (const warning of fit.warnings) note(`warning: ${warning}`);

  const { files, names: factors } = factorFiles(input, fit, format);
  const sheet = drawSheet(input, hardening, hidden);
  const R = likeInput(input, fit.R, "R", format);
  const names = { ...factors, R: R.name, ...(sheet ? { restored: "restored.png" as const } : {}) };
  files.push(R);
  if (sheet) files.push({ name: "restored.png", bytes: sheet.bytes });
  const record = {
    input: await describeInput(input),
    method: "at-nmf",
    options: resolvedOptions({ ...flags, rank }, hardening, hidden),
    ...errors(input.matrix, hardening, hidden),
    seed: flags.seed,
    loss: fit.loss,
    relativeError: fit.relativeError,
    lambda: fit.lambda === undefined ? null : jsonNumber(fit.lambda),
    lambdas: fit.lambdas?.map((score) => ({ ...score, lambda: jsonNumber(score.lambda) })) ?? null,
    saddle: fit.saddle,
    outerIterations: fit.outerIterations,
    innerIterations: fit.innerIterations,
    iterations: fit.iterations,
    converged: fit.converged,
    reason: fit.reason,
    sha256: { W: await sha256(fit.W), H: await sha256(fit.H), R: await sha256(fit.R) },
    seconds: fit.seconds,
    peakBytes: fit.peakBytes,
    threads: fit.threads,
    versions: { advnmf: version, runtime },
    warnings: fit.warnings,
    files: names,
    restored: sheet ? { rows: sheet.rows.map(({ title }) => title), pictures: sheet.shown } : null,
    restarts: fit.restarts,
    history: fit.history,
  };
  files.push({ name: names.fit, bytes: JSON.stringify(record, null, 2) + "\n" });
  await writeTogether(flags.out, files, await staleFiles(flags.out, Object.values(names)));

  if (flags.json) printJson({ ...record, out: flags.out });
  else if (!quiet) printSummary(input, record, hardening, flags.out);
  return signal.aborted;
}

/** JSON has no ∞. */
function jsonNumber(value: number): number | "∞" {
  return value === Number.POSITIVE_INFINITY ? "∞" : value;
}

/** Every option as it was in force; null = none given. */
function resolvedOptions(flags: Flags & { readonly rank: number }, { fit }: Hardening, hidden: Hidden) {
  return {
    rank: flags.rank,
    loss: flags.loss,
    lambda: flags.lambda ?? (fit.lambda === undefined ? null : jsonNumber(fit.lambda)),
    adversary: flags.adversary,
    hide: flags.mask === undefined ? hidden.share : null,
    mask: flags.mask ?? null,
    missing: flags.missing ?? (hidden.mask ? "ignore" : null),
    init: flags.init,
    seed: flags.seed,
    restarts: flags.restarts,
    epsilonInner: flags.epsilonInner,
    epsilonOuter: flags.epsilonOuter,
    maxInner: flags.maxInner,
    maxOuter: flags.maxOuter,
    dtype: fit.W.data instanceof Float32Array ? "f32" : "f64",
  };
}

/** How far the fits are from the entries that they did not see; null = there is none, or it was interrupted. */
function errors(V: Matrix, { fit, plain, ignoring }: Hardening, { indices }: Hidden) {
  const error = (of?: { reconstruct(): Matrix }): number | null =>
    of === undefined || indices.length === 0 ? null : rootMeanSquare(V, of.reconstruct(), indices);
  return {
    hidden: indices.length,
    rmse: { nmf: error(plain), hardened: error(fit), nmfIgnoring: error(ignoring) },
    relativeErrors: { nmf: plain?.relativeError ?? null, hardened: fit.relativeError },
  };
}

/** The sheet of pictures, where V is made of such. */
function drawSheet(input: Input, { title, fit, plain, ignoring }: Hardening, { mask }: Hidden) {
  const pictures = picturesOf(input);
  if (pictures === undefined) return undefined;
  const { rows: m, cols: n, data } = input.matrix;
  const rows: SheetRow[] = [{ title: "original", matrix: input.matrix }];
  if (mask) {
    const visible = data.map((entry, index) => (mask.data[index] === 0 ? 0 : entry));
    rows.push({ title: "visible", matrix: { rows: m, cols: n, data: visible } });
  }
  if (plain) rows.push({ title: "NMF", matrix: plain.reconstruct() });
  rows.push({ title, matrix: fit.reconstruct() });
  if (ignoring) rows.push({ title: IGNORING, matrix: ignoring.reconstruct() });
  rows.push({ title: "R, what the adversary adds (grey: nothing)", matrix: fit.R, signed: true });
  const shown = shownPictures(pictures, input.matrix);
  return { bytes: restoredSheet(pictures, input.matrix, rows, shown), rows, shown };
}

const IGNORING = "NMF, hidden entries ignored";

const ENDINGS: Record<StopReason, string> = {
  tolerance: "converged",
  maxIterations: "--max-outer reached",
  aborted: "interrupted",
};

interface Summary {
  readonly hidden: number;
  readonly rmse: Readonly<Record<"nmf" | "hardened" | "nmfIgnoring", number | null>>;
  readonly relativeErrors: Readonly<Record<"nmf" | "hardened", number | null>>;
  readonly options: Pick<HardenFlags, "loss"> & { readonly rank: number; readonly missing: string | null };
  readonly outerIterations: number;
  readonly iterations: number;
  readonly reason: StopReason;
  readonly seconds: number;
  readonly threads: number;
  readonly sha256: Readonly<Record<"W" | "H", string>>;
  readonly files: object;
  readonly restored: { readonly rows: readonly string[]; readonly pictures: readonly number[] } | null;
}

function printSummary(input: Input, record: Summary, { title }: Hardening, out: string): void {
  const { options, hidden, rmse, relativeErrors, restored } = record;
  const count = input.matrix.rows * input.matrix.cols;
  const counted = options.missing === "zero-fill" ? "counted as zeros" : "left out";
  printTable([
    ["input", inputText(input)],
    ["hidden", hidden === 0 ? "nothing" : `${hidden} of ${count} entries, ${counted}`],
    ["rank", String(options.rank)],
    ["loss", lossText(options.loss)],
    ["iterations", `${record.iterations} in ${record.outerIterations} outer (${ENDINGS[record.reason]})`],
    ["seconds", secondsText(record)],
    ["SHA-256 of W", record.sha256.W],
    ["SHA-256 of H", record.sha256.H],
    ...writtenRows(record.files, out),
  ]);
  const [heading, nmf, hardened] =
    hidden === 0
      ? ["Relative error, nothing being hidden:", relativeErrors.nmf, relativeErrors.hardened]
      : ["RMSE on the hidden entries:", rmse.nmf, rmse.hardened];
  printLine(`\n${heading}`);
  printTable([
    ["  NMF", errorText(nmf)],
    [`  ${title}`, errorText(hardened)],
    ...(rmse.nmfIgnoring === null ? [] : [[`  ${IGNORING}`, errorText(rmse.nmfIgnoring)] as const]),
  ]);
  if (restored === null) return;
  printLine(`\nrestored.png, pictures ${restored.pictures.map((picture) => picture + 1).join(", ")}:`);
  printTable(restored.rows.map((row, index) => [`  row ${index + 1}`, row]));
}

function errorText(error: number | null): string {
  return error === null ? "interrupted" : error.toPrecision(4);
}
