// From the text of an option to its value. Ranges are the SDK's to check.

import { type Command, InvalidArgumentError, Option } from "commander";
import type { LossOption } from "../index.js";
import { type FormatName, formats } from "../io/index.js";
import type { InputFlags } from "./input.js";

/** A number in any of JavaScript's decimal notations. */
export function parseNumber(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError("Expected a number.");
  return value;
}

/** A number, or the word `auto`. */
export function parseNumberOrAuto(text: string): number | "auto" {
  return text === "auto" ? "auto" : parseNumber(text);
}

/** A list such as `0.01,0.02`, each once, in the order given. */
export function parseNumbers(text: string): number[] {
  return [...new Set(text.split(",").map(parseNumber))];
}

/** A list of words such as `l2,linf`, of those that are known. */
export function parseWords<W extends string>(known: readonly W[]): (text: string) => W[] {
  return (text) =>
    text.split(",").map((word) => {
      const found = known.find((name) => name === word.trim());
      if (found) return found;
      throw new InvalidArgumentError(`Expected some of ${known.join(", ")}, with commas between.`);
    });
}

const LOSSES = ["frobenius", "kullback-leibler", "itakura-saito"] as const;

/** `frobenius`, `kullback-leibler`, `itakura-saito`, `beta=B`, `cauchy` or `cauchy=SCALE`. */
export function parseLoss(text: string): LossOption {
  const named = LOSSES.find((name) => name === text);
  if (named) return named;
  const [name, value] = text.split("=", 2);
  if (name === "beta" && value !== undefined) return { beta: parseNumber(value) };
  if (name === "cauchy") return { cauchy: parseNumberOrAuto(value ?? "auto") };
  throw new InvalidArgumentError(
    `Expected ${LOSSES.join(", ")}, beta=NUMBER, cauchy or cauchy=SCALE (such as beta=1.5, cauchy=0.1).`,
  );
}

/** `penalty` or `linf=RADIUS`. */
export function parseAdversary(text: string): "penalty" | { readonly linf: number } {
  if (text === "penalty") return text;
  const [name, value] = text.split("=", 2);
  if (name === "linf" && value !== undefined) return { linf: parseNumber(value) };
  throw new InvalidArgumentError("Expected penalty or linf=RADIUS (such as linf=0.1).");
}

/** `--dtype`, the same for every command that reads. */
export function dtypeOption(): Option {
  return new Option("--dtype <type>", "compute and store in f32 or f64 (default: as the file)").choices([
    "f32",
    "f64",
  ]);
}

/** `--images`. */
export function imagesOption(): Option {
  return new Option(
    "--images <stacking>",
    "images of a folder or an IDX file: each one of the rows or columns",
  ).choices(["rows", "columns"]);
}

/** `--format`, of the input. */
export function inputFormatOption(): Option {
  const names = formats.filter((format) => format.read && format.name !== "images").map(({ name }) => name);
  return new Option("--format <name>", "format of the input (default: found out)").choices(names);
}

/** `--output-format`. */
export function outputFormatOption(fallback: string, only: (name: string) => boolean = () => true): Option {
  const names = formats.filter((format) => format.write && only(format.name)).map(({ name }) => name);
  return new Option("--output-format <name>", `format of what is written (default: ${fallback})`).choices(
    names,
  );
}

/** `--rank`. */
export function rankOption(): Option {
  return new Option("--rank <k>", "number of components (default: a data set's own)").argParser(parseNumber);
}

/** `--init`, with the start that the command has by default. */
export function initOption(fallback: "random" | "half-normal"): Option {
  return new Option("--init <name>", "where to start")
    .choices(["random", "half-normal", "nndsvd", "nndsvda"])
    .default(fallback);
}

/** `--seed`. */
export function seedOption(): Option {
  return new Option("--seed <n>", "any whole number below 2^32").argParser(parseNumber).default(0);
}

/** `--restarts`. */
export function restartsOption(): Option {
  return new Option("--restarts <n>", "starts, the best of which is kept").argParser(parseNumber).default(1);
}

/** `--mask`. */
export function maskOption(): Option {
  return new Option("--mask <file>", "weights like V: 0 = missing, 1 = observed");
}

/** `--missing`. */
export function missingOption(description: string): Option {
  return new Option("--missing <rule>", description).choices(["ignore", "zero-fill"]);
}

/** `--threads`. */
export function threadsOption(): Option {
  return new Option(
    "--threads <n>",
    "threads, 1 to 32; the result is the same (default: as many as pay)",
  ).argParser(parseNumber);
}

/** The options of every command that fits: how to read, where to write, what to print. */
export interface FilesFlags extends InputFlags {
  readonly out: string;
  readonly outputFormat?: FormatName;
  readonly json?: true;
  readonly quiet?: true;
}

/** Adds the options that say how to read. */
export function addInputOptions(command: Command): Command {
  return command
    .addOption(dtypeOption())
    .addOption(imagesOption())
    .option("--variable <name>", "NPZ and MAT: the variable to read")
    .addOption(inputFormatOption());
}

/** Adds the options of {@link FilesFlags}. */
export function addFilesOptions(command: Command): Command {
  return addInputOptions(command)
    .option("--out <folder>", "where to write", "advnmf-out")
    .addOption(outputFormatOption("the input's own", (name) => name !== "pgm" && name !== "png"))
    .option("--json", "print one JSON object, that of fit.json")
    .option("--quiet", "no progress, no summary");
}
