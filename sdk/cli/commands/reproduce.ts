import { Command, InvalidArgumentError, Option } from "commander";
import { parseNumber } from "../arguments.js";
import { EXIT } from "../failure.js";
import { interruptible } from "../interrupt.js";
import { METHODS, MISSING, SETS, type SetName, SOLVER_OPTIONS } from "../reproduce/at-nmf/protocol.js";
import type { ReproduceFlags } from "../reproduce/at-nmf/reproduce.js";

const EXAMPLES = `Examples:
  advnmf reproduce at-nmf --quick                            generated data, under a minute
  advnmf reproduce at-nmf --data ../at-nmf --set synthetic   Table I
  advnmf reproduce at-nmf --data ../at-nmf --set moffet --alpha 0.5,0.9 --starts 3
`;

const OUTPUTS = `
Writes to the folder of --out: index.html (tables and figures, with the paper's beside them), reproduce.json,
tables.csv and journal.jsonl, which holds every finished start. Ctrl-C writes what there is; the same command
goes on where it stopped. --data, or else the environment variable ADVNMF_DATA, names a folder with Synthetic,
Moffet and CBCL as the AT-NMF authors published them, or one with at-nmf that holds these.`;

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

/** `advnmf reproduce at-nmf`; `setExitCode` is told 130 when an interrupted run was saved. */
export function reproduceCommand(setExitCode: (code: number) => void): Command {
  return new Command("reproduce")
    .description("run a paper's experiments and write a page with its figures beside ours")
    .addHelpText("before", EXAMPLES)
    .addHelpText("after", OUTPUTS)
    .argument("<experiment>", "at-nmf (Cai, Tan, Févotte 2021)", oneOf(["at-nmf"] as const))
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
    .action(async (_experiment: string, flags: ReproduceFlags) => {
      const { reproduceAtNmf } = await import("../reproduce/at-nmf/reproduce.js");
      const { interrupted } = await interruptible((signal) => reproduceAtNmf(flags, signal));
      if (interrupted) setExitCode(EXIT.interrupted);
    });
}
