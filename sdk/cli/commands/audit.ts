import { basename, dirname, join, relative } from "node:path";
import process from "node:process";
import { Command, Option } from "commander";
import {
  AdvnmfError,
  type Audit,
  type AuditModelName,
  type AuditOptions,
  audit as auditFeatures,
  type Norm,
  renderReport,
} from "../../index.js";
import {
  addInputOptions,
  parseNumber,
  parseNumbers,
  parseWords,
  rankOption,
  seedOption,
  threadsOption,
} from "../arguments.js";
import { picturesOf } from "../factor-files.js";
import { EXIT } from "../failure.js";
import { inputText, rankOf, writtenRows } from "../fit.js";
import { describeInput } from "../fit-record.js";
import { type Input, type InputFlags, readInput } from "../input.js";
import { interruptible } from "../interrupt.js";
import { readLabels } from "../labels.js";
import { checkWritable, writeTogether } from "../output-folder.js";
import { note, printColumns, printJson, printLine, printTable } from "../print.js";
import { auditReport } from "../progress.js";

const EXAMPLES = `Examples:
  advnmf audit lafa-synthetic --quick            a first look, in seconds
  advnmf audit counts.csv --rank 4 --loss kullback-leibler
  advnmf audit photos/ --images columns --rank 20 --labels people.txt --quick
  advnmf audit counts.csv --rank 4 --models nmf,atnmf --norms l2 --epsilons 0.005,0.01,0.02
`;

const OUTPUTS = `
Factorizes by every model, looks for small changes of V that move the features, and holds them against noise, other
starts, other models and an attack on the loss. Writes report.html, one page that needs no network, and audit.json
with all figures, to the folder of --out. --labels is a file with one label for each column of V: one a line, or one
line of them, or lines of a column's name and its label. Ctrl-C writes what there is.`;

interface Flags extends InputFlags {
  readonly rank?: number;
  readonly models?: readonly AuditModelName[];
  readonly norms?: readonly Norm[];
  readonly epsilons?: readonly number[];
  readonly linfEpsilons?: readonly number[];
  readonly lambda?: number;
  readonly loss?: "frobenius" | "kullback-leibler";
  readonly labels?: string;
  readonly quick?: true;
  readonly restarts?: number;
  readonly steps?: number;
  readonly gradient?: "implicit" | "backprop" | "both";
  readonly iterations?: number;
  readonly evaluationIterations?: number;
  readonly otherStarts?: number;
  readonly noiseTrials?: number;
  readonly sensitivity: boolean;
  readonly seed: number;
  readonly threads?: number;
  readonly report?: string;
  readonly out: string;
  readonly json?: true;
  readonly quiet?: true;
}

/** `advnmf audit INPUT --rank k`; `setExitCode` is told 130 when an interrupted run was saved. */
export function auditCommand(setExitCode: (code: number) => void): Command {
  const command = new Command("audit")
    .description("which features can be trusted: attacks with their controls, as a report")
    .addHelpText("before", EXAMPLES)
    .addHelpText("after", OUTPUTS)
    .argument("<input>", "file, folder of images, URL, data set, or - for standard input")
    .addOption(rankOption())
    .option("--quick", "few steps, starts and iterations")
    .option(
      "--models <list>",
      "some of nmf, atnmf, anmf (default: all)",
      parseWords(["nmf", "atnmf", "anmf"]),
    )
    .option("--norms <list>", "l2 or linf or both (default: both)", parseWords(["l2", "linf"]))
    .option("--epsilons <list>", "sizes of the change, of ‖V‖ (default: 0.01,0.02,0.05)", parseNumbers)
    .option(
      "--linf-epsilons <list>",
      "of every entry (default: as long as those of --epsilons)",
      parseNumbers,
    )
    .option("--lambda <x>", "what AT-NMF's adversary pays, above 1 (default: 3)", parseNumber)
    .addOption(
      new Option("--loss <name>", "of NMF and AT-NMF (default: frobenius)").choices([
        "frobenius",
        "kullback-leibler",
      ]),
    )
    .option("--labels <file>", "a label for each column of V, to measure clustering and neighbours")
    .option("--restarts <n>", "random points that an attack begins at (default: 4, quick 1)", parseNumber)
    .option("--steps <n>", "of each attack (default: 40, quick 4)", parseNumber)
    .addOption(
      new Option(
        "--gradient <name>",
        "that NMF's attacker follows (default: implicit, quick backprop)",
      ).choices(["implicit", "backprop", "both"]),
    )
    .option("--iterations <n>", "at every step of an attack (default: 1000, quick 60)", parseNumber)
    .option("--evaluation-iterations <n>", "where it is judged (default: 10000, quick 300)", parseNumber)
    .option("--other-starts <n>", "starts that the attacker does not know (default: 5, quick 2)", parseNumber)
    .option("--noise-trials <n>", "random changes of the same size (default: 3, quick 1)", parseNumber)
    .option("--no-sensitivity", "without the map of the entries that matter most")
    .addOption(seedOption())
    .addOption(threadsOption());
  return addInputOptions(command)
    .option("--out <folder>", "where to write", "advnmf-out")
    .option("--report <file>", "where the page goes (default: report.html in the folder of --out)")
    .option("--json", "print one JSON object, that of audit.json")
    .option("--quiet", "no progress, no summary")
    .action(async (name: string, flags: Flags) => {
      if (await interruptible((signal) => run(name, flags, signal))) setExitCode(EXIT.interrupted);
    });
}

/** Returns whether it was interrupted. */
async function run(name: string, flags: Flags, signal: AbortSignal): Promise<boolean> {
  await checkWritable(flags.out);
  if (flags.report !== undefined) await checkWritable(dirname(flags.report));
  const input = await readInput(name, flags, signal);
  const options = await auditOptions(flags, input);
  const quiet = flags.quiet ?? false;
  if (!quiet) note(`auditing ${inputText(input)} at rank ${options.rank}`);
  const audit = await audited(input, options, quiet, signal);
  const files = {
    report: flags.report === undefined ? "report.html" : relative(flags.out, flags.report),
    audit: "audit.json",
  };
  const command = ["npx", "advnmf", ...process.argv.slice(2)].map(quoted).join(" ");
  const record = { ...audit, input: await describeInput(input), command, files };
  const page = renderReport(audit, {
    title: input.name === "-" ? "standard input" : basename(input.name),
    command,
  });
  await writeTogether(flags.out, [
    { name: files.report, bytes: page },
    { name: files.audit, bytes: JSON.stringify(record) + "\n" },
  ]);
  if (flags.json) printJson({ ...record, out: flags.out });
  else if (!quiet) printFindings(audit, input, flags.out, files);
  return !audit.complete;
}

/** The flags that decide the result, as the SDK takes them: those that were given. */
async function auditOptions(flags: Flags, input: Input): Promise<AuditOptions> {
  const { epsilons: l2, linfEpsilons: linf } = flags;
  const { rowNames, colNames } = input.matrix;
  const pictures = picturesOf(input);
  const given = {
    models: flags.models,
    norms: flags.norms,
    epsilons: linf === undefined ? l2 : { linf, ...(l2 === undefined ? {} : { l2 }) },
    lambda: flags.lambda,
    loss: flags.loss,
    labels: flags.labels === undefined ? undefined : await readLabels(flags.labels, colNames),
    shape: pictures,
    quick: flags.quick,
    restarts: flags.restarts,
    steps: flags.steps,
    gradient: flags.gradient,
    iterations: flags.iterations,
    evaluationIterations: flags.evaluationIterations,
    otherStarts: flags.otherStarts,
    noiseTrials: flags.noiseTrials,
    threads: flags.threads,
  };
  return {
    rank: rankOf(flags, input, "audit"),
    seed: flags.seed,
    sensitivity: flags.sensitivity,
    names: { ...(rowNames ? { rowNames } : {}), ...(colNames ? { colNames } : {}) },
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
}

/** The audit, or what there was of it when it was interrupted. */
async function audited(
  { matrix }: Input,
  options: AuditOptions,
  quiet: boolean,
  signal: AbortSignal,
): Promise<Audit> {
  const { stop, ...progress } = await auditReport(quiet, signal);
  try {
    return await auditFeatures(matrix, { ...options, ...progress, signal });
  } catch (error) {
    if (error instanceof AdvnmfError && error.code === "ABORTED" && error.best) return error.best as Audit;
    throw error;
  } finally {
    stop();
  }
}

/** A word as a shell takes it. */
function quoted(word: string): string {
  return /^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function printFindings(audit: Audit, input: Input, out: string, files: object): void {
  const { verdict, models, attacks } = audit;
  printTable([
    ["input", inputText(input)],
    ["rank", String(audit.options.rank)],
    ["seconds", audit.seconds.toFixed(1)],
    ["digest", audit.digest],
    ...writtenRows(files, out),
  ]);
  printLine("");
  for (const sentence of verdict.sentences) printLine(sentence);
  if (attacks.length === 0) return;
  printLine("");
  printColumns([
    ["size", "norm", "model", "feature error", "noise", "by loss", "other starts", "replaced"],
    ...models.map(({ model, unattacked, refit }) => [
      "0",
      "",
      model,
      unattacked.toFixed(3),
      "",
      "",
      refit.featureError.mean.toFixed(3),
      "",
    ]),
    ...attacks.flatMap(({ norm, epsilon, models: attacked }) =>
      attacked.map(({ model, featureError, noise, byLoss, otherStarts, features }) => [
        String(Number(epsilon.toPrecision(3))),
        norm,
        model,
        featureError.toFixed(3),
        noise.featureError.mean.toFixed(3),
        byLoss.featureError.toFixed(3),
        otherStarts.featureError.mean.toFixed(3),
        `${features.filter(({ similarity }) => similarity < 0.8).length} of ${features.length}`,
      ]),
    ),
  ]);
  printLine(`\nThe report: ${join(out, (files as { report: string }).report)}`);
}
