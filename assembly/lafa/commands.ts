// What a team can be told to do about gradients.

import { Task } from "../task";
import { answer, answerAdjoint } from "./atnmf-adjoint";
import { advance, beginReturn, comeBack, keep, restore } from "./backprop";
import { beginSolution, conclude, outerRows, prepare, solve } from "./implicit";
import { extend, measureFeatures, normalProduct, restart, rightSide, ritz } from "./sensitivity";
import { squarem, step } from "./stationary";

/** Numbers of the commands, behind those of team.ts, with the meaning of the argument. */
export namespace GradientCommand {
  /** Slot ← the state. */
  export const KEEP: i32 = 32;
  /** The state ← slot. */
  export const RESTORE: i32 = 33;
  /** The steps of the segment at that checkpoint, kept. */
  export const ADVANCE: i32 = 34;
  /** Their adjoints. */
  export const COME_BACK: i32 = 35;
  /** Feature error and its gradient at the end of the last step. */
  export const BEGIN_RETURN: i32 = 36;
  /** The implicit system, for that purpose (implicit.ts). */
  export const PREPARE: i32 = 37;
  /** At most that many products. */
  export const SOLVE: i32 = 38;
  /** Its solution, made ready. */
  export const CONCLUDE: i32 = 39;
  /** Rows of the gradient from that one on. */
  export const OUTER_ROWS: i32 = 40;
  /** That many cycles towards a stationary point. */
  export const SQUAREM: i32 = 41;
  /** A Newton step, halved that often; −1: back. */
  export const STEP: i32 = 42;
  /** AT-NMF: U in the place of V. */
  export const ANSWER: i32 = 43;
  /** Its adjoint. */
  export const ANSWER_ADJOINT: i32 = 44;
  /** Sensitivities (sensitivity.ts): scales and norms of the features. */
  export const MEASURE_FEATURES: i32 = 57;
  /** The right-hand side from that vector of the basis. */
  export const RIGHT_SIDE: i32 = 58;
  /** The solution for the right-hand side that is there, from 0. */
  export const BEGIN_SOLUTION: i32 = 59;
  /** The right-hand side from the solution. */
  export const NORMAL_PRODUCT: i32 = 60;
  /** The solution as the next vector of a basis of so many; −1: a first one. */
  export const EXTEND: i32 = 61;
  /** Ritz vectors of a basis of so many. */
  export const RITZ: i32 = 62;
  /** Of a basis of argument / 65536 vectors the best argument % 65536 remain, and the next one. */
  export const RESTART: i32 = 63;
}

/** Every member's share of a command. */
export function performGradient<T>(task: Task, command: i32, argument: i32, id: i32): void {
  switch (command) {
    case GradientCommand.KEEP:
      keep<T>(task, argument, id);
      break;
    case GradientCommand.RESTORE:
      restore<T>(task, argument, id);
      break;
    case GradientCommand.ADVANCE:
      advance<T>(task, argument, id);
      break;
    case GradientCommand.COME_BACK:
      comeBack<T>(task, argument, id);
      break;
    case GradientCommand.BEGIN_RETURN:
      beginReturn<T>(task, id);
      break;
    case GradientCommand.PREPARE:
      prepare<T>(task, argument, id);
      break;
    case GradientCommand.SOLVE:
      solve<T>(task, argument, id);
      break;
    case GradientCommand.CONCLUDE:
      conclude<T>(task, id);
      break;
    case GradientCommand.OUTER_ROWS:
      outerRows<T>(task, argument, id);
      break;
    case GradientCommand.SQUAREM:
      squarem<T>(task, argument, id);
      break;
    case GradientCommand.STEP:
      step<T>(task, argument, id);
      break;
    case GradientCommand.ANSWER:
      answer<T>(task, id);
      break;
    case GradientCommand.ANSWER_ADJOINT:
      answerAdjoint<T>(task, id);
      break;
    case GradientCommand.MEASURE_FEATURES:
      measureFeatures(task, id);
      break;
    case GradientCommand.RIGHT_SIDE:
      rightSide<T>(task, argument, id);
      break;
    case GradientCommand.BEGIN_SOLUTION:
      beginSolution<T>(task, id);
      break;
    case GradientCommand.NORMAL_PRODUCT:
      normalProduct<T>(task, id);
      break;
    case GradientCommand.EXTEND:
      extend<T>(task, argument, id);
      break;
    case GradientCommand.RITZ:
      ritz(task, argument, id);
      break;
    case GradientCommand.RESTART:
      restart<T>(task, argument & 0xffff, argument >> 16, id);
      break;
  }
}
