import { Command, Option } from "commander";
import { info, type NmfResult, nmf } from "../../index.js";
import {
  addFilesOptions,
  type FilesFlags,
  initOption,
  maskOption,
  missingOption,
  parseLoss,
  parseNumber,
  parseNumberOrAuto,
  rankOption,
  restartsOption,
  seedOption,
  threadsOption,
} from "../arguments.js";
import { factorFiles, factorFormat, staleFiles } from "../factor-files.js";
import { EXIT } from "../failure.js";
import {
  bestOf,
  ENDINGS,
  inputText,
  lossText,
  type RunOptions,
  rankOf,
  secondsText,
  writtenRows,
} from "../fit.js";
import { type FitFlags, type FitRecord, fitRecord, nmfOptions } from "../fit-record.js";
import { type Input, readInput } from "../input.js";
import { interruptible } from "../interrupt.js";
import { checkWritable, writeTogether } from "../output-folder.js";
import { note, printJson, printTable } from "../print.js";

const EXAMPLES = `Examples:
  advnmf factorize swimmer --solver hals --l1-w 0.001 --l2-h 0.001 --restarts 10
  advnmf factorize counts.csv --rank 4 --loss kullback-leibler --seed 7
  advnmf factorize scene.mat --variable V --rank 5 --mask mask1.mat
  advnmf factorize faces/ --rank 49 --dtype f32 --out faces-49
  cat v.npy | advnmf factorize - --rank 3 --json
`;

const OUTPUTS = `
Writes to the folder of --out: W and H (in the input's own format where it can be written, else NPY), fit.json
(options, loss, history, versions, SHA-256 of W and H) and, when the features are pictures, features.png.
Ctrl-C saves the best result so far.`;

type FactorizeFlags = FitFlags & FilesFlags;

/** `advnmf factorize INPUT --rank k`; `setExitCode` is told 130 when an interrupted run was saved. */
export function factorizeCommand(setExitCode: (code: number) => void): Command {
  const command = new Command("factorize")
    .description("factorize a non-negative matrix V ≈ W·H")
    .addHelpText("before", EXAMPLES)
    .addHelpText("after", OUTPUTS)
    .argument("<input>", "file, folder of images, URL, data set, or - for standard input")
    .addOption(rankOption())
    .option(
      "--loss <name>",
      "frobenius, kullback-leibler, itakura-saito, beta=B, cauchy or cauchy=SCALE",
      parseLoss,
      "frobenius",
    )
    .addOption(
      new Option("--solver <name>", "how to minimise")
        .choices(["auto", "mu", "hals", "newton"])
        .default("auto"),
    )
    .addOption(initOption("random"))
    .option("--init-w <file>", "start from this W (with --init-h), such as that of an interrupted run")
    .option("--init-h <file>", "start from this H (with --init-w)")
    .addOption(seedOption())
    .addOption(restartsOption())
    .option("--max-iterations <n>", "most iterations of a start", parseNumber, 1000)
    .option("--tolerance <x>", "where to stop; 0 runs all iterations", parseNumber, 1e-4)
    .addOption(
      new Option("--stopping <rule>", "what the tolerance is about")
        .choices(["decrease", "kkt"])
        .default("decrease"),
    )
    .addOption(maskOption())
    .addOption(missingOption("allow NaN as missing: it takes no part, or counts as zero"))
    .option("--l1-w <x>", "penalty on the sum of W", parseNumber, 0)
    .option("--l1-h <x>", "penalty on the sum of H", parseNumber, 0)
    .option("--l2-w <x>", "penalty on the squares of W", parseNumber, 0)
    .option("--l2-h <x>", "penalty on the squares of H", parseNumber, 0)
    .addOption(
      new Option("--order <order>", "which factor is updated first").choices(["WH", "HW"]).default("WH"),
    )
    .option("--epsilon <x>", "added to denominators", parseNumber, 2.2e-16)
    .option(
      "--inner-sweeps <n>",
      "sweeps per half-step of hals and newton, or auto (default: the solver's)",
      parseNumberOrAuto,
    )
    .option("--extrapolate", "extrapolate iterates of hals and newton (default: with solver auto)")
    .option("--no-extrapolate", "do not")
    .addOption(threadsOption());
  return addFilesOptions(command).action(async (name: string, flags: FactorizeFlags) => {
    const record = await interruptible((signal) => factorize(name, flags, signal));
    if (record.reason === "aborted") setExitCode(EXIT.interrupted);
  });
}

async function factorize(name: string, flags: FactorizeFlags, signal: AbortSignal): Promise<FitRecord> {
  await checkWritable(flags.out);
  const input = await readInput(name, flags, signal);
  const rank = rankOf(flags, input, "factorize");
  const format = flags.outputFormat ?? factorFormat(input);
  const options = await nmfOptions({ ...flags, rank }, signal);
  // The engine is loaded by now: what follows the note is all computing, and can be interrupted with a result.
  const { version, runtime } = await info();
  if (!flags.quiet) note(`factorizing ${inputText(input)} at rank ${rank}`);
  const run = (extra: RunOptions) => nmf(input.matrix, { ...options, ...extra });
  const result = await bestOf<NmfResult>(run, flags.quiet ?? false, signal);
  for (const warning of result.warnings) note(`warning: ${warning}`);

  const { files, names } = factorFiles(input, result, format);
  const record = await fitRecord(input, { ...flags, rank }, result, {
    versions: { advnmf: version, runtime },
    files: names,
  });
  files.push({ name: names.fit, bytes: JSON.stringify(record, null, 2) + "\n" });
  await writeTogether(flags.out, files, await staleFiles(flags.out, Object.values(names)));

  if (flags.json) printJson({ ...record, out: flags.out });
  else if (!flags.quiet) printSummary(input, record, flags.out);
  return record;
}

function printSummary(input: Input, record: FitRecord, out: string): void {
  const { options, files, sha256 } = record;
  printTable([
    ["input", inputText(input)],
    ["rank", String(options.rank)],
    ["loss", `${record.loss} (${lossText(options.loss)})`],
    ["relative error", record.relativeError.toPrecision(6)],
    ["iterations", `${record.iterations} (${ENDINGS[record.reason]})`],
    ["seconds", secondsText(record)],
    ["SHA-256 of W", sha256.W],
    ["SHA-256 of H", sha256.H],
    ...writtenRows(files, out),
  ]);
}
