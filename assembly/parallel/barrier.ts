// Barrier: every member of the team arrives before any of them goes on (sense-reversing; the phase
// number is the sense). A team of one passes straight through.

import { Task } from "../task";
import { waitWhile } from "./env";

export function barrier(task: Task): void {
  const team = task.team;
  if (team == 1) return;
  const count = changetype<usize>(task) + offsetof<Task>("arrived");
  const phase = changetype<usize>(task) + offsetof<Task>("phase");
  const now = atomic.load<i32>(phase);
  if (atomic.add<i32>(count, 1) == team - 1) {
    atomic.store<i32>(count, 0);
    atomic.store<i32>(phase, now + 1);
    atomic.notify(phase, -1);
    return;
  }
  const spins = task.spins;
  for (let spin = 0; spin < spins; spin++) {
    if (atomic.load<i32>(phase) != now) return;
  }
  waitWhile(phase, now);
}
