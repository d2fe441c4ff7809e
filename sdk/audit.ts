import type { Audit, AuditOptions } from "./audit/types.js";
import type { MatrixLike } from "./matrix.js";

/**
 * Audits how far the features of V (m×n, ≥ 0) can be trusted: factorizes it by NMF, AT-NMF and ANMF from one start,
 * attacks them over sizes and norms (`lafa`; Vu et al., arXiv 2408.03909), and holds every attack against its
 * controls: no change at all, random changes of the same size, other starts, and an attack on the loss. Every
 * perturbation is tried on every model; ANMF, for which there is no gradient, is judged by those made against the
 * others alone. With labels, also what it does to clustering and to nearest neighbours on H.
 *
 * The answer is one object that JSON keeps as it is, for `renderReport` to draw. Its `digest` is the same for the
 * same V, options and seed, in every runtime and for any number of threads.
 *
 * @throws AdvnmfError `SHAPE`, `RANK`, `NEGATIVE`, `NOT_FINITE`, `OPTION` for bad input, `MEMORY`, and `ABORTED` with
 *   the audit of what was finished as `best`, once the models are fitted.
 */
export async function audit(V: MatrixLike, options: AuditOptions): Promise<Audit> {
  // Loaded when it is first called: most who factorize never audit.
  const { auditFeatures } = await import("./audit/run.js");
  return auditFeatures(V, options);
}
