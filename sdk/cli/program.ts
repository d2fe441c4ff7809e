// The commands and what they have in common: help, version, errors and exit codes.

import { Command, CommanderError } from "commander";
import { VERSION } from "../index.js";
import { attackCommand } from "./commands/attack.js";
import { auditCommand } from "./commands/audit.js";
import { convertCommand } from "./commands/convert.js";
import { factorizeCommand } from "./commands/factorize.js";
import { hardenCommand } from "./commands/harden.js";
import { infoCommand } from "./commands/info.js";
import { reproduceCommand } from "./commands/reproduce.js";
import { EXIT, errorRecord, exitCodeOf, Failure } from "./failure.js";
import { note, printJson } from "./print.js";

const EXAMPLES = `Examples:
  advnmf factorize swimmer                       a built-in data set; writes advnmf-out/
  advnmf factorize counts.csv --rank 4           a file; W.csv and H.csv keep its names
  advnmf factorize faces/ --rank 49 --restarts 5
  cat v.npy | advnmf factorize - --rank 3 --json
  advnmf harden faces                            restores hidden entries, against an adversary
  advnmf attack lafa-synthetic --epsilons 0.01   how far the features can be moved
  advnmf audit counts.csv --rank 4               which features can be trusted; writes report.html
  advnmf convert data.mat data.csv
  advnmf reproduce at-nmf --quick                a paper's experiments; writes advnmf-reproduce/
  advnmf info
`;

const EXIT_CODES = `
Exit codes: 0 done, 1 failed, 2 usage, 3 bad input, 130 interrupted (after saving what there is).
Data goes to standard output, progress and messages to standard error. NO_COLOR is honoured.`;

/** Runs one command line (without the names of runtime and script) and returns its exit code. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.done;
  const setExitCode = (code: number) => {
    exitCode = code;
  };
  const program = new Command("advnmf")
    .description("Non-negative matrix factorization: V ≈ W·H, the same bits in every runtime.")
    .version(VERSION, "-V, --version")
    .addHelpText("before", EXAMPLES)
    .addHelpText("after", EXIT_CODES)
    .helpCommand(true);
  for (const command of [
    factorizeCommand(setExitCode),
    hardenCommand(setExitCode),
    attackCommand(setExitCode),
    auditCommand(setExitCode),
    convertCommand(),
    reproduceCommand(setExitCode),
    infoCommand(),
  ]) {
    program.addCommand(command);
  }
  for (const command of withSubcommands(program)) {
    // Usage errors are told below, in the one place where all errors are.
    command.exitOverride().configureOutput({ outputError: () => undefined });
  }
  try {
    if (args.length === 0)
      throw new Failure(EXIT.usage, "USAGE", `no command given\n\n${program.helpInformation()}`);
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
    return tell(usageError(error), args);
  }
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

function usageError(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error;
  return new Failure(EXIT.usage, "USAGE", error.message.replace(/^error: /, ""), { cause: error });
}

function tell(error: unknown, args: readonly string[]): number {
  if (args.includes("--json")) printJson(errorRecord(error));
  const { error: record } = errorRecord(error);
  const code = record.code === "USAGE" ? "" : ` [${record.code}]`;
  note(`${record.message}${code}`);
  if (record.code === "INTERNAL" && error instanceof Error)
    note(`this is a defect of advnmf: ${error.stack}`);
  return exitCodeOf(error);
}
