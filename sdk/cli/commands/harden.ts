import { Command, Option } from "commander";
import { info, type Matrix, sha256 } from "../../index.js";
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
import { attackFile, factorFiles, factorFormat, picturesOf, staleFiles } from "../factor-files.js";
import { EXIT, Failure } from "../failure.js";
import { inputText, rankOf, secondsText, writtenRows } from "../fit.js";
import { describeInput } from "../fit-record.js";
import { hardenAnmf } from "../harden-anmf.js";
import { hardenAtnmf } from "../harden-atnmf.js";
import type { HardenFlags, Hardening } from "../hardening.js";
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
  advnmf harden counts.csv --rank 4 --hide 0.2 --method anmf --target mean
  advnmf harden scene.mat --variable V --rank 5 --mask mask1.mat --json
`;

const OUTPUTS = `
Fits AT-NMF, or ANMF, and to compare the same without an adversary; tells how far each is from the hidden entries.
Writes to the folder of --out: W, H and what the adversary answers, R or attackedW (in the input's own format where it
can be written, else NPY), fit.json and, when V is made of pictures, features.png and restored.png: originals, what
was visible, and what became of it. Ctrl-C saves the best result so far.`;

type Flags = HardenFlags & FilesFlags;

/** `advnmf harden INPUT --rank k`; `setExitCode` is told 130 when an interrupted run was saved. */
export function hardenCommand(setExitCode: (code: number) => void): Command {
  const command = new Command("harden")
    .description("factorize against an adversary, and restore what is hidden")
    .addHelpText("before", EXAMPLES)
    .addHelpText("after", OUTPUTS)
    .argument("<input>", "file, folder of images, URL, data set, or - for standard input")
    .addOption(rankOption())
    .addOption(
      new Option("--method <name>", "who the adversary is").choices(["at-nmf", "anmf"]).default("at-nmf"),
    )
    .option(
      "--lambda <x>",
      "what the adversary pays: above 1, or auto, which tries six (at-nmf, default: 3); above 0 (anmf, default: 1)",
      parseNumberOrAuto,
    )
    .option(
      "--adversary <kind>",
      "at-nmf: penalty, or linf=RADIUS: no entry moves by more",
      parseAdversary,
      "penalty" as const,
    )
    .option(
      "--loss <name>",
      "at-nmf: frobenius, kullback-leibler or beta=B, B ≥ 1",
      parseLoss,
      "frobenius" as const,
    )
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
    .option("--epsilon-inner <x>", "at-nmf: change of WH that ends an inner loop; 0: none", parseNumber, 0.01)
    .option(
      "--epsilon-outer <x>",
      "at-nmf: change of WH that ends the outer loop; 0: none",
      parseNumber,
      0.01,
    )
    .option("--max-inner <n>", "at-nmf: most iterations of an inner loop (the paper: 1000)", parseNumber, 50)
    .option("--max-outer <n>", "at-nmf: most outer iterations (the paper: 100)", parseNumber, 20)
    .option("--beta <x>", "anmf: weight of the attacked error, 0 to 1", parseNumber, 0.5)
    .option("--target <what>", "anmf: what the attacker wants: permuted, mean, zero or a file", "permuted")
    .addOption(
      new Option("--gauge <name>", "anmf: what fixes the scale of H")
        .choices(["unit-rms", "none"])
        .default("unit-rms"),
    )
    .option("--max-iterations <n>", "anmf: most iterations of a start", parseNumber, 1000)
    .option("--tolerance <x>", "anmf: KKT residual to stop at; 0 runs all iterations", parseNumber, 1e-6)
    .addOption(threadsOption());
  return addFilesOptions(command).action(async (name: string, flags: Flags) => {
    refuseOthersOptions(command, flags.method);
    if (await interruptible((signal) => harden(name, flags, signal))) setExitCode(EXIT.interrupted);
  });
}

/** Options of one method only. */
const OWN = {
  "at-nmf": ["adversary", "loss", "epsilonInner", "epsilonOuter", "maxInner", "maxOuter"],
  anmf: ["beta", "target", "gauge", "maxIterations", "tolerance"],
} as const;

/** @throws Failure for an option that the method would pass over. */
function refuseOthersOptions(command: Command, method: HardenFlags["method"]): void {
  const other = method === "anmf" ? "at-nmf" : "anmf";
  const given = command.options.find(
    (option) =>
      (OWN[other] as readonly string[]).includes(option.attributeName()) &&
      command.getOptionValueSource(option.attributeName()) === "cli",
  );
  if (given === undefined) return;
  throw new Failure(EXIT.usage, "USAGE", `${given.long} is an option of --method ${other}, not of ${method}`);
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
  const method = flags.method === "at-nmf" ? hardenAtnmf : hardenAnmf;
  const hardening = await method(input, { ...flags, rank }, hidden, quiet, signal);
  const { fit, attack } = hardening;
  for (const warning of fit.warnings) note(`warning: ${warning}`);

  const { files, names: factors } = factorFiles(input, fit, format);
  const sheet = drawSheet(input, hardening, hidden);
  const attackMade = attackFile(input, attack, format);
  const names = {
    ...factors,
    [attack.name]: attackMade.name,
    ...(sheet ? { restored: "restored.png" as const } : {}),
  };
  files.push(attackMade);
  if (sheet) files.push({ name: "restored.png", bytes: sheet.bytes });
  const { W, H } = fit;
  const record = {
    input: await describeInput(input),
    method: flags.method,
    options: {
      rank,
      ...hardening.options,
      hide: flags.mask === undefined ? hidden.share : null,
      mask: flags.mask ?? null,
      missing: flags.missing ?? (hidden.mask ? "ignore" : null),
      init: flags.init,
      seed: flags.seed,
      restarts: flags.restarts,
      dtype: W.data instanceof Float32Array ? "f32" : "f64",
    },
    ...errors(input.matrix, hardening, hidden),
    seed: flags.seed,
    loss: fit.loss,
    relativeError: fit.relativeError,
    ...hardening.figures,
    iterations: fit.iterations,
    converged: fit.converged,
    reason: fit.reason,
    sha256: { W: await sha256(W), H: await sha256(H), [attack.name]: await sha256(attack.matrix) },
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
function drawSheet(input: Input, { title, fit, plain, ignoring, attackRow }: Hardening, { mask }: Hidden) {
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
  rows.push(attackRow);
  const shown = shownPictures(pictures, input.matrix);
  return { bytes: restoredSheet(pictures, input.matrix, rows, shown), rows, shown };
}

const IGNORING = "NMF, hidden entries ignored";

interface Summary {
  readonly hidden: number;
  readonly rmse: Readonly<Record<"nmf" | "hardened" | "nmfIgnoring", number | null>>;
  readonly relativeErrors: Readonly<Record<"nmf" | "hardened", number | null>>;
  readonly options: { readonly rank: number; readonly missing: string | null };
  readonly loss: number;
  readonly seconds: number;
  readonly threads: number;
  readonly sha256: { readonly W: string; readonly H: string };
  readonly files: object;
  readonly restored: { readonly rows: readonly string[]; readonly pictures: readonly number[] } | null;
}

function printSummary(input: Input, record: Summary, { title, rounds }: Hardening, out: string): void {
  const { options, hidden, rmse, relativeErrors, restored } = record;
  const count = input.matrix.rows * input.matrix.cols;
  const counted = options.missing === "zero-fill" ? "counted as zeros" : "left out";
  printTable([
    ["input", inputText(input)],
    ["hidden", hidden === 0 ? "nothing" : `${hidden} of ${count} entries, ${counted}`],
    ["rank", String(options.rank)],
    ["loss", String(record.loss)],
    ["iterations", rounds],
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
