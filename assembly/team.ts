// A team at work. Member 0 is driven by the host, one command at a time; the others follow: they wait at
// the barrier for a command, carry out their share of it, and wait again, until they are dismissed.
//
//   member 0   lead(ITERATE, 10) │barrier│ iterate, id 0 │barrier│ … lead(END) │barrier│
//   member 1   follow            │barrier│ iterate, id 1 │barrier│ wait …     │barrier│ returns
//
// The second barrier is for what a kernel reads of the task behind its own last one: nobody is still in a
// command when `lead` returns and the host prepares the next.

import { attack } from "./atnmf/adversary";
import { innerLoop, outerRule } from "./atnmf/inner";
import { NetworkCommand, performNetwork } from "./fragility/commands";
import { performGradient } from "./lafa/commands";
import { cauchyScale } from "./nmf/cauchy";
import { loadFactors } from "./nmf/factors";
import { iterate } from "./nmf/iterate";
import { projectedGradient } from "./nmf/kkt";
import { currentLoss, explicitLoss } from "./nmf/loss";
import { conclude } from "./nmf/momentum";
import { barrier } from "./parallel/barrier";
import { Task } from "./task";

/** What a team can be told to do, with the meaning of the argument. */
export namespace Command {
  /** Followers return. */
  export const END: i32 = 0;
  /** Staged W and H → panels. */
  export const LOAD_FACTORS: i32 = 1;
  /** That many iterations. */
  export const ITERATE: i32 = 2;
  /** The loss that the solver minimises; 1: always summed entry by entry. */
  export const CURRENT_LOSS: i32 = 3;
  /** The loss of that number (task.ts). */
  export const EXPLICIT_LOSS: i32 = 4;
  /** Norm of the projected gradient. */
  export const PROJECTED_GRADIENT: i32 = 5;
  /** Cut of the Cauchy loss; 1: its scale too. */
  export const CAUCHY_SCALE: i32 = 6;
  /** The last look at the objective of a run with momentum. */
  export const CONCLUDE: i32 = 7;
  /** AT-NMF: the adversary's answer to the factors. */
  export const ATTACK: i32 = 8;
  /** AT-NMF: at most that many iterations on the attacked data. */
  export const INNER_LOOP: i32 = 9;
  /** AT-NMF: whether WH has settled since the attack. */
  export const OUTER_RULE: i32 = 10;
}

/** Member 0: tells the team what to do and does its own share of it. */
export function lead<T>(task: Task, command: i32, argument: i32): void {
  task.command = command;
  task.argument = argument;
  barrier(task);
  if (command == Command.END) return;
  perform<T>(task, 0);
  barrier(task);
}

/** Member `id`, from 1: carries out commands until there are no more. */
export function follow<T>(task: Task, id: i32): void {
  for (;;) {
    barrier(task);
    if (task.command == Command.END) return;
    perform<T>(task, id);
    barrier(task);
  }
}

function perform<T>(task: Task, id: i32): void {
  const argument = task.argument;
  switch (task.command) {
    case Command.LOAD_FACTORS:
      loadFactors<T>(task, id);
      break;
    case Command.ITERATE:
      iterate<T>(task, argument, id);
      break;
    case Command.CURRENT_LOSS:
      currentLoss<T>(task, argument, id);
      break;
    case Command.EXPLICIT_LOSS:
      explicitLoss<T>(task, argument, id);
      break;
    case Command.PROJECTED_GRADIENT:
      projectedGradient<T>(task, id);
      break;
    case Command.CAUCHY_SCALE:
      cauchyScale<T>(task, argument, id);
      break;
    case Command.CONCLUDE:
      conclude<T>(task, id);
      break;
    case Command.ATTACK:
      attack<T>(task, id);
      break;
    case Command.INNER_LOOP:
      innerLoop<T>(task, argument, id);
      break;
    case Command.OUTER_RULE:
      outerRule<T>(task, id);
      break;
    default:
      if (task.command < NetworkCommand.FIRST) performGradient<T>(task, task.command, argument, id);
      else performNetwork<T>(task, task.command, argument, id);
  }
}
