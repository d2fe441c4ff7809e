// The loop: a burst of iterations of two half-steps each. Both half-steps are the same code; the one
// for W sees the transposed problem Vᵀ ≈ Hᵀ·Wᵀ. A half-step updates a factor panel by panel, writes
// its statistics, and meets the team twice.

import { PANEL_BYTES, panelCount } from "../linalg/lanes";
import { dot } from "../linalg/vector";
import { barrier } from "../parallel/barrier";
import { nextChunk } from "../parallel/claim";
import { chunkCount, chunkPanels } from "../parallel/range";
import { Loss, Side, Solver, Task } from "../task";
import { extrapolatePanel, settle } from "./extrapolate";
import { halsPanel, mostSweeps } from "./hals";
import { halsWeightedPanel } from "./hals-weighted";
import { look, moveOn, usesMomentum } from "./momentum";
import { divergenceTerms, kullbackLeiblerTerms, maskedFrobeniusTerms } from "./mu-divergence";
import { frobeniusDenominator, frobeniusNumerator } from "./mu-frobenius";
import { exponent, multiply } from "./multiply";
import { newtonPanel, newtonSweeps } from "./newton";
import { combine, combineScalar, summarize } from "./statistics";
import { numerator, partialScalars, usesGram, usesSums } from "./workspace";

/** Runs `count` iterations. Every member of the team calls it. */
export function iterate<T>(task: Task, count: i32, id: i32): void {
  const H = changetype<Side>(task.sideH);
  const W = changetype<Side>(task.sideW);
  const momentum = usesMomentum(task);
  for (let i = 0; i < count; i++) {
    if (momentum) moveOn<T>(task, id);
    step<T>(task, H, W, id);
    if (momentum) look<T>(task, id);
    else if (task.extrapolate) settle<T>(task, id);
  }
}

/** One iteration: both half-steps in the task's order. */
export function step<T>(task: Task, H: Side, W: Side, id: i32): void {
  if (task.fixedW) {
    halfStep<T>(task, H, W, id);
  } else if (task.firstH) {
    halfStep<T>(task, H, W, id);
    halfStep<T>(task, W, H, id);
  } else {
    halfStep<T>(task, W, H, id);
    halfStep<T>(task, H, W, id);
  }
}

/** Updates the side's factor, the other one fixed. */
function halfStep<T>(task: Task, side: Side, other: Side, id: i32): void {
  const total = panelCount<T>(side.cols);
  const chunks = chunkCount(total);
  const size = chunkPanels(total);
  const gamma = exponent(task);
  const hals = task.solver == Solver.HALS;
  const sweeps = task.weighted ? max(1, task.sweeps) : mostSweeps(task, side);
  const withGram = usesGram(task);
  const vectorBytes = <usize>task.k * PANEL_BYTES;
  const elements = task.k * <i32>(PANEL_BYTES / sizeof<T>());
  const stop = changetype<usize>(task) + offsetof<Task>("stop");
  for (let chunk = nextChunk(task, chunks, id, -1); chunk >= 0; chunk = nextChunk(task, chunks, id, chunk)) {
    // Every column is fitted for itself, so what is left out leaves factors that are none the worse.
    if (atomic.load<i32>(stop)) break;
    const last = min(total, (chunk + 1) * size);
    let inner: f64 = 0;
    if (side.before) keep(side, chunk * size, last, vectorBytes);
    for (let p = chunk * size; p < last; p++) {
      if (task.solver == Solver.NEWTON) {
        newtonPanel<T>(task, side, other, p, newtonSweeps(task), id);
      } else if (!hals) {
        terms<T>(task, side, other, p, id);
        inner += multiply<T>(task, side, p, gamma, id);
      } else if (task.weighted) {
        halsWeightedPanel<T>(task, side, other, p, sweeps, id);
      } else {
        frobeniusNumerator<T>(task, side, other, p, id);
        halsPanel<T>(task, side, other, p, sweeps, id);
        if (task.extrapolate) extrapolatePanel<T>(task, side, p);
        inner += dot<T>(elements, numerator(task, id), side.panels + <usize>p * vectorBytes);
      }
    }
    if (withGram) store<f64>(partialScalars<T>(task, chunk), inner);
    summarize<T>(task, side, chunk);
  }
  barrier(task);
  if (id == 0) {
    combine<T>(task, side);
    if (withGram) task.inner = combineScalar<T>(task, chunks, 0);
  }
  barrier(task);
}

/** Copies panels [first, last) to where the factor is kept as it was before the iteration. */
function keep(side: Side, first: i32, last: i32, panelBytes: usize): void {
  const from = <usize>first * panelBytes;
  memory.copy(side.before + from, side.panels + from, <usize>(last - first) * panelBytes);
}

/** Numerator and denominator of the multiplicative update on panel p. */
export function terms<T>(task: Task, side: Side, other: Side, p: i32, id: i32): void {
  if (task.loss == Loss.FROBENIUS && !task.weighted) {
    frobeniusNumerator<T>(task, side, other, p, id);
    frobeniusDenominator<T>(task, side, other, p, id);
  } else if (task.loss == Loss.FROBENIUS && task.binary) {
    maskedFrobeniusTerms<T>(task, side, other, p, id);
  } else if (usesSums(task)) {
    kullbackLeiblerTerms<T>(task, side, other, p, id);
  } else {
    divergenceTerms<T>(task, side, other, p, id);
  }
}
