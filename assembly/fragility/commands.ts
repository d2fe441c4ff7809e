// What a team can be told to do with a network.

import { Task } from "../task";
import { gradient, scores, train } from "./adam";
import { law } from "./law";
import { Pass, pass } from "./network";

/** Numbers of the commands, behind those of lafa/commands.ts, with the meaning of the argument. */
export namespace NetworkCommand {
  export const FIRST: i32 = 64;
  /** That many steps of Adam. */
  export const TRAIN: i32 = 64;
  /** Loss and gradient over all points. */
  export const GRADIENT: i32 = 65;
  /** Scores of that many points, and their loss where they have labels. */
  export const SCORES: i32 = 66;
  /** Scores of that many points of a segment. */
  export const WAY: i32 = 67;
  /** The same, with the gradient of the margin. */
  export const SEGMENT: i32 = 68;
  /** That many trials of the linear law, whose task has a `Law` for a network. */
  export const LAW: i32 = 69;
}

/** Every member's share of a command. */
export function performNetwork<T>(task: Task, command: i32, argument: i32, id: i32): void {
  switch (command) {
    case NetworkCommand.TRAIN:
      train<T>(task, argument, id);
      break;
    case NetworkCommand.GRADIENT:
      gradient<T>(task, id);
      break;
    case NetworkCommand.SCORES:
      scores<T>(task, argument, id);
      break;
    case NetworkCommand.WAY:
      pass<T>(task, Pass.WAY, argument, id);
      break;
    case NetworkCommand.SEGMENT:
      pass<T>(task, Pass.SEGMENT, argument, id);
      break;
    case NetworkCommand.LAW:
      law(task, argument, id);
      break;
  }
}
