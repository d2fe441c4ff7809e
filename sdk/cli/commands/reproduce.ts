import { Command, InvalidArgumentError, Option } from "commander";
import { parseNumber, parseNumbers } from "../arguments.js";
import { EXIT } from "../failure.js";
import { interruptible } from "../interrupt.js";
import { METHODS, MISSING, SETS, type SetName, SOLVER_OPTIONS } from "../reproduce/at-nmf/protocol.js";
import type { ReproduceFlags as AtnmfFlags } from "../reproduce/at-nmf/reproduce.js";
import { PARTS } from "../reproduce/fragility/protocol.js";
import type { ReproduceFlags as FragilityFlags } from "../reproduce/fragility/reproduce.js";
import {
  GRADIENTS,
  SETS as LAFA_SETS,
  type SetName as LafaSetName,
  PROCEDURES,
} from "../reproduce/lafa/protocol.js";
import type { ReproduceFlags as LafaFlags } from "../reproduce/lafa/reproduce.js";

const EXAMPLES = `Examples:
  advnmf reproduce at-nmf --quick     generated data, under a minute
  advnmf reproduce lafa --quick       generated data, under two minutes
  advnmf reproduce fragility --quick  random points, under a minute
`;

const MORE = `
All take --quick and more options, as advnmf reproduce at-nmf --help tells.`;

const ATNMF_EXAMPLES = `Examples:
  advnmf reproduce at-nmf --quick                            generated data, under a minute
  advnmf reproduce at-nmf --data ../at-nmf --set synthetic   Table I
  advnmf reproduce at-nmf --data ../at-nmf --set moffet --alpha 0.5,0.9 --starts 3
`;

const ATNMF_OUTPUTS = `
Writes to the folder of --out: index.html (tables and figures, with the paper's beside them), reproduce.json,
tables.csv and journal.jsonl, which holds every finished start. Ctrl-C writes what there is; the same command
goes on where it stopped. --data, or else the environment variable ADVNMF_DATA, names a folder with Synthetic,
Moffet and CBCL as the AT-NMF authors published them, or one with at-nmf that holds these.`;

const LAFA_EXAMPLES = `Examples:
  advnmf reproduce lafa --quick                     generated data, under two minutes
  advnmf reproduce lafa --data ../data --set wtsi
  advnmf reproduce lafa --set swimmer --gradients implicit --epsilons 0.01 --steps 10
`;

const LAFA_OUTPUTS = `
Writes to the folder of --out: index.html (figures with their controls, those of the authors' code quoted beside
them, sheets of features), reproduce.json, tables.csv and journal.jsonl, which holds every finished attack. Ctrl-C
writes what there is; the same command goes on where it stopped. --data, or else the environment variable
ADVNMF_DATA, names a folder with wtsi.mat and face as the LaFA authors published them, and train-images-idx3-ubyte of
MNIST, compressed or not, or one with lafa that holds these.

At full length, on one core: WTSI 4 minutes, Synthetic a quarter of an hour, Face 2 hours; by the time of an iteration
Swimmer 8 hours and MNIST 16. --steps, --restarts, --iterations and the rest make it shorter.`;

const FRAGILITY_EXAMPLES = `Examples:
  advnmf reproduce fragility --quick            under a minute
  advnmf reproduce fragility --parts law,signs
  advnmf reproduce fragility --data ../mnist    with networks that learn from MNIST
`;

const FRAGILITY_OUTPUTS = `
Writes to the folder of --out: index.html (the laws and what was found beside them), reproduce.json, tables.csv and
journal.jsonl, which holds every finished job. Ctrl-C writes what there is; the same command goes on where it
stopped. --data, or else the environment variable ADVNMF_DATA, names a folder with MNIST's train-images-idx3-ubyte and
train-labels-idx1-ubyte, compressed or not, or one with mnist that holds these.`;

/** A list such as `0.3,0.5`, each by `parse`. */
function list<T>(parse: (text: string) => T): (text: string) => T[] {
  return (text) => [...new Set(text.split(",").map((part) => parse(part.trim())))];
}

function oneOf<T extends string>(names: readonly T[]): (text: string) => T {
  return (text) => {
    const found = names.find((name) => name === text);
    if (found === undefined) throw new InvalidArgumentError(`Expected ${names.join(", ")}.`);
    return found;
  };
}

function fraction(text: string): number {
  const value = parseNumber(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError("Expected fractions between 0 and 1.");
  return value;
}

function strength(text: string): number {
  const value = parseNumber(text);
  if (!(value > 1))
    throw new InvalidArgumentError("Expected numbers above 1: at 1 and below the adversary is unbounded.");
  return value;
}

function count(most: number): (text: string) => number {
  return (text) => {
    const value = parseNumber(text);
    if (!Number.isInteger(value) || value < 1 || value > most)
      throw new InvalidArgumentError(`Expected a whole number from 1 to ${most}.`);
    return value;
  };
}

function seed(text: string): number {
  const value = parseNumber(text);
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff)
    throw new InvalidArgumentError("Expected a whole number from 0 to 4294967295.");
  return value;
}

/** `advnmf reproduce EXPERIMENT`; `setExitCode` is told 130 when an interrupted run was saved. */
export function reproduceCommand(setExitCode: (code: number) => void): Command {
  return (
    new Command("reproduce")
      .description("run a paper's experiments and write a page with its figures beside ours")
      .addHelpText("before", EXAMPLES)
      .addHelpText("after", MORE)
      // Known experiments have commands of their own; any other word is refused here, whatever follows it.
      .argument("<experiment>", "at-nmf, lafa or fragility", oneOf(["at-nmf", "lafa", "fragility"] as const))
      .allowUnknownOption()
      .allowExcessArguments()
      .action(() => undefined)
      .addCommand(atnmfCommand(setExitCode))
      .addCommand(lafaCommand(setExitCode))
      .addCommand(fragilityCommand(setExitCode))
  );
}

function lafaCommand(setExitCode: (code: number) => void): Command {
  return new Command("lafa")
    .description("latent feature attacks (Vu et al. 2024)")
    .addHelpText("before", LAFA_EXAMPLES)
    .addHelpText("after", LAFA_OUTPUTS)
    .option(
      "--set <names>",
      `${Object.keys(LAFA_SETS).join(", ")} (default: all that there are data for)`,
      list(oneOf(Object.keys(LAFA_SETS) as LafaSetName[])),
    )
    .option("--epsilons <list>", "sizes of the perturbation (default: each set's own)", parseNumbers)
    .addOption(new Option("--norm <name>", "only this norm").choices(["l2", "linf"]))
    .option("--gradients <list>", "implicit, backprop (default: both)", list(oneOf(GRADIENTS)))
    .option("--procedures <list>", "ours, official (default: both)", list(oneOf(PROCEDURES)))
    .option("--steps <n>", "of an attack (default: 40)", count(1_000_000))
    .option("--restarts <n>", "random points that an attack begins at (default: 4)", count(10_000))
    .option("--iterations <n>", "of the victim at every step (default: 1600)", count(1_000_000))
    .option("--evaluation-iterations <n>", "of the victim when judged (default: 10000)", count(1_000_000))
    .option("--other-starts <n>", "starts that the attacker does not know (default: 20)", count(10_000))
    .option("--noise-trials <n>", "random perturbations of the same size (default: 5)", count(10_000))
    .option("--quick", "small data, few steps and iterations, unless said otherwise")
    .option("--data <folder>", "the authors' data (default: ADVNMF_DATA, else generated data only)")
    .option("--seed <n>", "of the victim's start, the attack and its controls", seed, 0)
    .option("--threads <n>", "most threads of a computation (default: as many as pay)", count(32))
    .option("--out <folder>", "where to write, and where to go on from", "advnmf-reproduce-lafa")
    .option("--json", "print the record as one JSON object")
    .option("--quiet", "no progress, no summary")
    .action(async (flags: LafaFlags) => {
      const { reproduceLafa } = await import("../reproduce/lafa/reproduce.js");
      const { interrupted } = await interruptible((signal) => reproduceLafa(flags, signal));
      if (interrupted) setExitCode(EXIT.interrupted);
    });
}

function fragilityCommand(setExitCode: (code: number) => void): Command {
  return new Command("fragility")
    .description("feature compression of classifiers (Gao et al. 2024)")
    .addHelpText("before", FRAGILITY_EXAMPLES)
    .addHelpText("after", FRAGILITY_OUTPUTS)
    .option(
      "--parts <names>",
      `${PARTS.join(", ")} (default: all that there are data for)`,
      list(oneOf(PARTS)),
    )
    .option("--quick", "fewer dimensions, draws and pairs")
    .option("--data <folder>", "MNIST's files (default: ADVNMF_DATA, else random points only)")
    .option("--seed <n>", "of points, starts and draws", seed, 0)
    .option("--threads <n>", "most threads of a computation (default: as many as pay)", count(32))
    .option("--out <folder>", "where to write, and where to go on from", "advnmf-reproduce-fragility")
    .option("--json", "print a summary as one JSON object")
    .option("--quiet", "no progress, no summary")
    .action(async (flags: FragilityFlags) => {
      const { reproduceFragility } = await import("../reproduce/fragility/reproduce.js");
      const { interrupted } = await interruptible((signal) => reproduceFragility(flags, signal));
      if (interrupted) setExitCode(EXIT.interrupted);
    });
}

function atnmfCommand(setExitCode: (code: number) => void): Command {
  return new Command("at-nmf")
    .description("adversarially trained NMF (Cai, Tan, Févotte 2021)")
    .addHelpText("before", ATNMF_EXAMPLES)
    .addHelpText("after", ATNMF_OUTPUTS)
    .option(
      "--set <names>",
      "synthetic, moffet, cbcl (default: what the data folder has, or synthetic)",
      list(oneOf(Object.keys(SETS) as SetName[])),
    )
    .option("--alpha <list>", "held-out fractions (default: 0.3 to 0.9)", list(fraction))
    .option(
      "--lambda <list>",
      "strengths of AT-NMF (default: the tables' and those of Fig. 1)",
      list(strength),
    )
    .option("--starts <n>", "starts a cell (default: 10)", count(1000))
    .addOption(
      new Option("--missing <rule>", "what held-out entries count for")
        .choices([...MISSING, "both"])
        .default("both"),
    )
    .option("--methods <list>", "columns of the tables (default: all)", list(oneOf(METHODS)))
    .option("--quick", "few starts on the Synthetic set, unless said otherwise")
    .option("--data <folder>", "the authors' data (default: ADVNMF_DATA, else generated data)")
    .option(
      "--max-inner <n>",
      "most multiplicative updates per answer of the adversary",
      count(1_000_000),
      SOLVER_OPTIONS.maxInner,
    )
    .option("--max-outer <n>", "most answers of the adversary", count(1_000_000), SOLVER_OPTIONS.maxOuter)
    .option("--seed <n>", "of the first start, and of generated data and masks", seed, 0)
    .option("--threads <n>", "starts side by side (default: as many as cores)", count(64))
    .option("--out <folder>", "where to write, and where to go on from", "advnmf-reproduce")
    .option("--json", "print a summary as one JSON object")
    .option("--quiet", "no progress, no summary")
    .action(async (flags: AtnmfFlags) => {
      const { reproduceAtNmf } = await import("../reproduce/at-nmf/reproduce.js");
      const { interrupted } = await interruptible((signal) => reproduceAtNmf(flags, signal));
      if (interrupted) setExitCode(EXIT.interrupted);
    });
}
