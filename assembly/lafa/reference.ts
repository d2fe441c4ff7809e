// The factorization that feature errors are measured against, on its way in.

import { stagedToPanels } from "../nmf/factors";
import { Task } from "../task";
import { vectorsOf } from "./workspace";

/** W* and H* (row-major, staged like W and H) → panels. One member calls it. */
export function loadReference<T>(task: Task): void {
  stagedToPanels<T>(task, vectorsOf(task, false).reference, vectorsOf(task, true).reference);
}
