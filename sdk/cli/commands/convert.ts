import { Command } from "commander";
import { encodeMatrix, type FormatName, formatOfName, writeMatrix } from "../../io/index.js";
import { dtypeOption, imagesOption, inputFormatOption, outputFormatOption } from "../arguments.js";
import { EXIT, Failure } from "../failure.js";
import { type InputFlags, readInput, sizeText } from "../input.js";
import { interruptible } from "../interrupt.js";
import { note, printBytes, printJson } from "../print.js";

const EXAMPLES = `Examples:
  advnmf convert counts.csv counts.npy
  advnmf convert data.mat data.csv --variable V
  advnmf convert faces/ faces.npy --images columns --dtype f32
  advnmf convert table.tsv - --output-format csv | head
`;

interface ConvertFlags extends InputFlags {
  readonly outputFormat?: FormatName;
  readonly json?: true;
  readonly quiet?: true;
}

/** `advnmf convert IN OUT`: the same matrix in another format, with the names of rows and columns. */
export function convertCommand(): Command {
  return new Command("convert")
    .description("write a matrix in another format, names carried over where the format has room for them")
    .addHelpText("before", EXAMPLES)
    .argument("<in>", "file, folder of images, URL, data set, or - for standard input")
    .argument("<out>", "file, or - for standard output; its extension tells the format (.gz compresses)")
    .addOption(inputFormatOption())
    .addOption(outputFormatOption("by the extension"))
    .addOption(dtypeOption())
    .option("--variable <name>", "NPZ and MAT: the variable to read")
    .addOption(imagesOption())
    .option("--json", "print one JSON object")
    .option("--quiet", "print nothing but errors")
    .action((from: string, to: string, flags: ConvertFlags) =>
      interruptible((signal) => convert(from, to, flags, signal)),
    );
}

async function convert(from: string, to: string, flags: ConvertFlags, signal: AbortSignal): Promise<void> {
  const format = flags.outputFormat ?? formatOfName(to);
  if (format === undefined) {
    throw new Failure(
      EXIT.usage,
      "USAGE",
      to === "-"
        ? "standard output has no extension to tell the format: add --output-format"
        : `the extension of ${to} tells no format: use a known one (see advnmf info) or add --output-format`,
    );
  }
  if (to === "-" && flags.json) {
    throw new Failure(EXIT.usage, "USAGE", "standard output cannot take both the matrix and --json");
  }
  const input = await readInput(from, flags, signal);
  const { variable, dtype } = flags;
  const options = { format, variable: variable ?? input.matrix.variable, dtype };
  if (to === "-") {
    await printBytes(encodeMatrix(input.matrix, options));
    return;
  }
  await writeMatrix(to, input.matrix, options);
  const { rows, cols } = input.matrix;
  if (flags.json)
    printJson({ input: from, output: to, format, rows, cols, dtype: sizeText(input.matrix).slice(-3) });
  else if (!flags.quiet) note(`${from} (${sizeText(input.matrix)}) written to ${to} as ${format}`);
}
