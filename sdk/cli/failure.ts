// How the command line ends when something goes wrong.

import { AdvnmfError, type ErrorCode } from "../index.js";

/** What the process tells its caller. Stable: scripts test these. */
export const EXIT = {
  done: 0,
  /** The input was sound, but the work could not be done or stored. */
  failed: 1,
  /** The command, an option or the value of an option is wrong. */
  usage: 2,
  /** The data cannot be factorized as it is, or cannot be read at all. */
  badInput: 3,
  /** SIGINT; what there was has been saved. */
  interrupted: 130,
} as const;

/** An error of the command line itself, with the exit code it leads to. */
export class Failure extends Error {
  override readonly name = "Failure";
  /** A stable word, as the codes of AdvnmfError are. */
  readonly code: ErrorCode | "USAGE";
  readonly exitCode: number;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    exitCode: number,
    code: ErrorCode | "USAGE",
    message: string,
    options?: ErrorOptions & { details?: Readonly<Record<string, unknown>> },
  ) {
    super(message, options);
    this.exitCode = exitCode;
    this.code = code;
    this.details = options?.details ?? {};
  }
}

const EXIT_OF_CODE: Readonly<Record<ErrorCode, number>> = {
  SHAPE: EXIT.badInput,
  RANK: EXIT.badInput,
  NEGATIVE: EXIT.badInput,
  NOT_FINITE: EXIT.badInput,
  FORMAT: EXIT.badInput,
  // Data that no memory can hold is refused before anything is allocated: a smaller input is the remedy.
  MEMORY: EXIT.badInput,
  OPTION: EXIT.usage,
  IO: EXIT.failed,
  WORKER: EXIT.failed,
  UNSUPPORTED: EXIT.failed,
  ABORTED: EXIT.interrupted,
};

/** The exit code for whatever was thrown. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Failure) return error.exitCode;
  if (error instanceof AdvnmfError) return EXIT_OF_CODE[error.code];
  return EXIT.failed;
}

/** Runs `read`; a file that is absent, unreadable or of an unknown kind is bad input, not a failure of ours. */
export async function reading<R>(read: () => Promise<R>): Promise<R> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof AdvnmfError && (error.code === "IO" || error.code === "UNSUPPORTED")) {
      throw new Failure(EXIT.badInput, error.code, error.message, { cause: error, details: error.details });
    }
    throw error;
  }
}

/** What `--json` prints of an error. */
export function errorRecord(error: unknown): { error: Record<string, unknown> } {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Failure || error instanceof AdvnmfError) {
    return { error: { code: error.code, message, details: error.details } };
  }
  return { error: { code: "INTERNAL", message, details: {} } };
}
