// What the host gives to a team (module "env").

/**
 * Blocks until the i32 at `address` is no longer `value`. The loop around the wait lives on the host's
 * side: a loop around memory.atomic.wait32 in wasm can be left early while an engine tiers up.
 */
export declare function waitWhile(address: usize, value: i32): void;
