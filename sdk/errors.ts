/** What went wrong, as a stable word that programs can test. */
export type ErrorCode =
  | "SHAPE"
  | "RANK"
  | "NEGATIVE"
  | "NOT_FINITE"
  | "OPTION"
  | "MEMORY"
  | "FORMAT"
  | "IO"
  | "ABORTED"
  | "WORKER"
  | "UNSUPPORTED";

/**
 * The one error class of advnmf. `code` is stable; `message` says what was got, what was expected
 * and what to do; `details` carries the same facts for programs.
 */
export class AdvnmfError extends Error {
  /** Always `AdvnmfError`. */
  override readonly name = "AdvnmfError";
  /** Stable word for the kind of failure. */
  readonly code: ErrorCode;
  /** The figures of the message, by name (`row`, `column`, `got`, `expected`, …). */
  readonly details: Readonly<Record<string, unknown>>;
  /** With `ABORTED`: the best result so far, of the type the call would have returned. */
  readonly best?: unknown;

  constructor(
    code: ErrorCode,
    message: string,
    details: Record<string, unknown> = {},
    options?: ErrorOptions & { best?: unknown },
  ) {
    super(message, options);
    this.code = code;
    this.details = details;
    if (options?.best !== undefined) this.best = options.best;
  }
}
