// Work is cut into chunks of whole panels. How many panels a chunk holds depends on the size of the
// problem only, each chunk is finished by one member, and what is summed over chunks is summed in
// the order of the chunks: so the bits do not depend on the team.
//
//   panels   0 1 | 2 3 | 4 5 | 6      chunks of 2
//   team 2   member 0: chunks 0, 1    member 1: chunks 2, 3      to begin with, see claim.ts

/** At most this many chunks a factor. */
export const MAX_CHUNKS: i32 = 32;

/** Panels in a chunk of a factor with `panels` panels. */
export function chunkPanels(panels: i32): i32 {
  return max(2, (panels + MAX_CHUNKS - 1) / MAX_CHUNKS);
}

/** Number of chunks of a factor with `panels` panels. */
export function chunkCount(panels: i32): i32 {
  const size = chunkPanels(panels);
  return (panels + size - 1) / size;
}

/** First chunk of member `id`'s own range, which ends where that of member id + 1 begins. */
export function firstChunk(chunks: i32, team: i32, id: i32): i32 {
  return (chunks * id) / team;
}
