// Who does which chunk. Cores are not equally fast at all times, so a member that has done its own chunks
// goes on with those that the others have not begun, from the end of their ranges. Each chunk is claimed
// once between two barriers; the number of the barrier's phase marks the claim, so nothing has to be reset.
//
//   chunks   0 1 2 3 | 4 5 6 7      member 0: 0 → 3, then 7 ← 4
//   team 2   own of 0  own of 1     member 1: 4 → 7, then 3 ← 0
//
// Which member does a chunk changes no bit of it. There is at most one such loop between two barriers.

import { Task } from "../task";
import { firstChunk } from "./range";

/**
 * The chunk that member `id` is to do after chunk `after` (−1: its first one), or −1 when all are claimed:
 * `for (let c = nextChunk(task, n, id, -1); c >= 0; c = nextChunk(task, n, id, c))`.
 */
export function nextChunk(task: Task, chunks: i32, id: i32, after: i32): i32 {
  const team = task.team;
  if (team == 1) return after + 1 < chunks ? after + 1 : -1;
  const first = firstChunk(chunks, team, id);
  const end = firstChunk(chunks, team, id + 1);
  // Places behind the last own chunk, backwards: 1 is the one before `first`, around the end.
  let step = 1;
  if (after < 0 || (after >= first && after < end)) {
    for (let chunk = after < 0 ? first : after + 1; chunk < end; chunk++) {
      if (claim(task, chunk)) return chunk;
    }
  } else step = ((first - after + chunks) % chunks) + 1;
  for (; step <= chunks - (end - first); step++) {
    const chunk = (first - step + chunks) % chunks;
    if (claim(task, chunk)) return chunk;
  }
  return -1;
}

/** Whether this member is the first to ask for the chunk since the last barrier. */
function claim(task: Task, chunk: i32): bool {
  const at = task.claims + <usize>chunk * 4;
  const now = atomic.load<i32>(changetype<usize>(task) + offsetof<Task>("phase"));
  const seen = atomic.load<i32>(at);
  return seen != now && atomic.cmpxchg<i32>(at, seen, now) == seen;
}
