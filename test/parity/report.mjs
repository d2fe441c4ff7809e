// What a runtime answers: the battery's digest for each number of threads, or why there is none.

import { battery } from "./battery.mjs";

/**
 * Runs the battery once for each entry of `counts` (undefined: without the option `threads`) and hands
 * each answer to `tell` as it comes, so that what follows cannot take it away.
 */
export async function report(advnmf, counts, tell, engine) {
  for (const count of counts) {
    const threads = count ?? undefined;
    await tell({ threads, ...(await answer(advnmf, threads, engine)) });
  }
}

async function answer(advnmf, threads, engine) {
  try {
    const { threadsReason } = await advnmf.info(engine);
    if (threads > 1 && threadsReason !== undefined) return { alone: threadsReason };
    return await battery(advnmf, { threads, engine });
  } catch (error) {
    return { error: `${error?.message ?? error}` };
  }
}
