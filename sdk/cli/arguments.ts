// From the text of an option to its value. Ranges are the SDK's to check.

import { InvalidArgumentError, Option } from "commander";
import type { LossOption } from "../index.js";
import { formats } from "../io/index.js";

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
    "a folder of images: each image one of the rows or columns",
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
