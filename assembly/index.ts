// What the module exports: the f32 and f64 instantiations of the kernels, and where the fields of the
// task block lie. No logic; the kernels' own files say what each does and how large its buffers are.

import { Bilevel } from "./anmf/workspace";
import { storePerturbation } from "./atnmf/adversary";
import { Law } from "./fragility/law";
import { loadLayer, storeLayer } from "./fragility/network";
import { Network } from "./fragility/workspace";
import { storeGradient } from "./lafa/backprop";
import { loadReference } from "./lafa/reference";
import { drawVector, loadVector, Sensitivity, sensitivityLayout, storeVector } from "./lafa/sensitivity";
import { Gradient, gradientLayout } from "./lafa/workspace";
import { loadRows, storeFactors } from "./nmf/factors";
import { initHalfNormal, initRandom } from "./nmf/init";
import { measure } from "./nmf/loss";
import { initNndsvd, nndsvdBytes } from "./nmf/nndsvd";
import { layout, stagedH, stagingRows } from "./nmf/workspace";
import { uniform } from "./rng/counter";
import { Side, Task } from "./task";
import { follow, lead } from "./team";

export { begin as anmfBegin, iterate as anmfIterate } from "./anmf/admm";
export { evaluate as anmfEvaluate } from "./anmf/kkt";
export {
  layout as anmfLayout,
  loadFactors as anmfLoadFactors,
  loadRows as anmfLoadRows,
  storeFactors as anmfStoreFactors,
} from "./anmf/workspace";
export { faces } from "./data/faces";
export { atnmfSynthetic, lafaSynthetic, swimmer } from "./data/generators";
export { gaussian, separate } from "./fragility/law";
export { networkLayout } from "./fragility/workspace";
export { logRatio } from "./lafa/reconstruction";

// Sizes and offsets, in bytes.

export const heap_base: usize = __heap_base;
export const task_bytes: usize = offsetof<Task>();
export const task_team: usize = offsetof<Task>("team");
export const task_spins: usize = offsetof<Task>("spins");
export const task_stop: usize = offsetof<Task>("stop");
export const task_m: usize = offsetof<Task>("m");
export const task_n: usize = offsetof<Task>("n");
export const task_k: usize = offsetof<Task>("k");
export const task_loss: usize = offsetof<Task>("loss");
export const task_solver: usize = offsetof<Task>("solver");
export const task_weighted: usize = offsetof<Task>("weighted");
export const task_binary: usize = offsetof<Task>("binary");
export const task_fixedW: usize = offsetof<Task>("fixedW");
export const task_firstH: usize = offsetof<Task>("firstH");
export const task_sweeps: usize = offsetof<Task>("sweeps");
export const task_extrapolate: usize = offsetof<Task>("extrapolate");
export const task_setback: usize = offsetof<Task>("setback");
export const task_adversary: usize = offsetof<Task>("adversary");
export const task_met: usize = offsetof<Task>("met");
export const task_done: usize = offsetof<Task>("done");
export const task_strength: usize = offsetof<Task>("strength");
export const task_radius: usize = offsetof<Task>("radius");
export const task_innerTolerance: usize = offsetof<Task>("innerTolerance");
export const task_outerTolerance: usize = offsetof<Task>("outerTolerance");
export const task_epsilon: usize = offsetof<Task>("epsilon");
export const task_beta: usize = offsetof<Task>("beta");
export const task_cauchyScale: usize = offsetof<Task>("cauchyScale");
export const task_cauchyCut: usize = offsetof<Task>("cauchyCut");
export const task_weight: usize = offsetof<Task>("weight");
export const task_total: usize = offsetof<Task>("total");
export const task_squares: usize = offsetof<Task>("squares");
export const task_clean: usize = offsetof<Task>("clean");
export const task_attackedBefore: usize = offsetof<Task>("attackedBefore");
export const task_attacked: usize = offsetof<Task>("attacked");
export const task_effort: usize = offsetof<Task>("effort");
export const task_value: usize = offsetof<Task>("value");
export const task_staging: usize = offsetof<Task>("staging");
export const task_stagingWeights: usize = offsetof<Task>("stagingWeights");
export const task_sideH: usize = offsetof<Task>("sideH");
export const task_sideW: usize = offsetof<Task>("sideW");
export const side_l1: usize = offsetof<Side>("l1");
export const side_l2: usize = offsetof<Side>("l2");
export const anmf_bytes: usize = offsetof<Bilevel>();
export const anmf_m: usize = offsetof<Bilevel>("m");
export const anmf_n: usize = offsetof<Bilevel>("n");
export const anmf_N: usize = offsetof<Bilevel>("N");
export const anmf_weighted: usize = offsetof<Bilevel>("weighted");
export const anmf_gauge: usize = offsetof<Bilevel>("gauge");
export const anmf_iteration: usize = offsetof<Bilevel>("iteration");
export const anmf_failed: usize = offsetof<Bilevel>("failed");
export const anmf_lambda: usize = offsetof<Bilevel>("lambda");
export const anmf_beta: usize = offsetof<Bilevel>("beta");
export const anmf_rho: usize = offsetof<Bilevel>("rho");
export const anmf_attack: usize = offsetof<Bilevel>("attack");
export const anmf_splitA: usize = offsetof<Bilevel>("splitA");
export const anmf_splitQ: usize = offsetof<Bilevel>("splitQ");
export const anmf_splitX: usize = offsetof<Bilevel>("splitX");
export const anmf_objective: usize = offsetof<Bilevel>("objective");
export const anmf_fit: usize = offsetof<Bilevel>("fit");
export const anmf_kkt: usize = offsetof<Bilevel>("kkt");
export const anmf_bestResponse: usize = offsetof<Bilevel>("bestResponse");
export const anmf_staging: usize = offsetof<Bilevel>("staging");
export const task_gradient: usize = offsetof<Task>("gradient");
export const gradient_steps: usize = offsetof<Gradient>("steps");
export const gradient_checkpoints: usize = offsetof<Gradient>("checkpoints");
export const gradient_limit: usize = offsetof<Gradient>("limit");
export const gradient_damping: usize = offsetof<Gradient>("damping");
export const gradient_floor: usize = offsetof<Gradient>("floor");
export const gradient_tolerance: usize = offsetof<Gradient>("tolerance");
export const gradient_vanished: usize = offsetof<Gradient>("vanished");
export const gradient_products: usize = offsetof<Gradient>("products");
export const gradient_negative: usize = offsetof<Gradient>("negative");
export const gradient_done: usize = offsetof<Gradient>("done");
export const gradient_error: usize = offsetof<Gradient>("error");
export const gradient_errorW: usize = offsetof<Gradient>("errorW");
export const gradient_errorH: usize = offsetof<Gradient>("errorH");
export const gradient_stationarity: usize = offsetof<Gradient>("stationarity");
export const gradient_residual: usize = offsetof<Gradient>("residual");
export const gradient_curvature: usize = offsetof<Gradient>("curvature");
export const gradient_multiplier: usize = offsetof<Gradient>("multiplier");
export const gradient_leak: usize = offsetof<Gradient>("leak");
export const gradient_matching: usize = offsetof<Gradient>("matching");
export const gradient_sensitivity: usize = offsetof<Gradient>("sensitivity");
export const sensitivity_only: usize = offsetof<Sensitivity>("only");
export const sensitivity_norm: usize = offsetof<Sensitivity>("norm");
export const sensitivity_length: usize = offsetof<Sensitivity>("length");
export const sensitivity_squares: usize = offsetof<Sensitivity>("squares");
export const sensitivity_values: usize = offsetof<Sensitivity>("values");
export const sensitivity_last: usize = offsetof<Sensitivity>("last");
export const task_claims: usize = offsetof<Task>("claims");
export const task_network: usize = offsetof<Task>("network");
export const network_bytes: usize = offsetof<Network>();
export const network_depth: usize = offsetof<Network>("depth");
export const network_relu: usize = offsetof<Network>("relu");
export const network_bias: usize = offsetof<Network>("bias");
export const network_learns: usize = offsetof<Network>("learns");
export const network_points: usize = offsetof<Network>("points");
export const network_batch: usize = offsetof<Network>("batch");
export const network_width0: usize = offsetof<Network>("width0");
export const network_own: usize = offsetof<Network>("own");
export const network_other: usize = offsetof<Network>("other");
export const network_wanted: usize = offsetof<Network>("wanted");
export const network_rate: usize = offsetof<Network>("rate");
export const network_first: usize = offsetof<Network>("first");
export const network_spacing: usize = offsetof<Network>("spacing");
export const network_done: usize = offsetof<Network>("done");
export const network_cursor: usize = offsetof<Network>("cursor");
export const network_scratch: usize = offsetof<Network>("scratch");
export const network_order: usize = offsetof<Network>("order");
export const network_loss: usize = offsetof<Network>("loss");
export const network_data: usize = offsetof<Network>("data");
export const network_labels: usize = offsetof<Network>("labels");
export const network_scores: usize = offsetof<Network>("scores");
export const network_gradients: usize = offsetof<Network>("gradients");
export const network_figures: usize = offsetof<Network>("figures");
export const network_staging: usize = offsetof<Network>("staging");
export const law_bytes: usize = offsetof<Law>();
export const law_dimension: usize = offsetof<Law>("dimension");
export const law_first: usize = offsetof<Law>("first");
export const law_seed: usize = offsetof<Law>("seed");
export const law_figures: usize = offsetof<Law>("figures");
export const law_scratch: usize = offsetof<Law>("scratch");
export const law_scratchBytes: usize = offsetof<Law>("scratchBytes");

// f32

export function layout_f32(task: Task, base: usize): f64 {
  return layout<f32>(task, base);
}
export function stagingRows_f32(m: i32, n: i32): i32 {
  return stagingRows<f32>(m, n);
}
export function stagedH_f32(task: Task): usize {
  return stagedH<f32>(task);
}
export function loadRows_f32(task: Task, row0: i32, count: i32): void {
  loadRows<f32>(task, row0, count);
}
export function measure_f32(task: Task): void {
  measure<f32>(task);
}
export function storeFactors_f32(task: Task): void {
  storeFactors<f32>(task);
}
export function storePerturbation_f32(task: Task, row0: i32, count: i32): void {
  storePerturbation<f32>(task, row0, count);
}
export function initRandom_f32(task: Task, seed: u32, stream: u32): void {
  initRandom<f32>(task, seed, stream);
}
export function initHalfNormal_f32(task: Task, seed: u32, stream: u32): void {
  initHalfNormal<f32>(task, seed, stream);
}
export function initNndsvd_f32(task: Task, seed: u32, fill: i32, work: usize): void {
  initNndsvd<f32>(task, seed, fill, work);
}
export function nndsvdBytes_f32(m: i32, n: i32, k: i32): f64 {
  return nndsvdBytes<f32>(m, n, k);
}
export function lead_f32(task: Task, command: i32, argument: i32): void {
  lead<f32>(task, command, argument);
}
export function follow_f32(task: Task, id: i32): void {
  follow<f32>(task, id);
}
export function gradientLayout_f32(task: Task, base: usize, mode: i32, states: i32): f64 {
  return gradientLayout<f32>(task, base, mode, states);
}
export function loadReference_f32(task: Task): void {
  loadReference<f32>(task);
}
export function storeGradient_f32(task: Task, row0: i32, count: i32): void {
  storeGradient<f32>(task, row0, count);
}
export function sensitivityLayout_f32(task: Task, base: usize, room: i32): f64 {
  return sensitivityLayout<f32>(task, base, room);
}
export function drawVector_f32(task: Task, seed: u32): void {
  drawVector<f32>(task, seed);
}
export function loadVector_f32(task: Task): void {
  loadVector<f32>(task);
}
export function storeVector_f32(task: Task, index: i32): void {
  storeVector<f32>(task, index);
}
export function loadLayer_f32(task: Task, l: i32): void {
  loadLayer<f32>(task, l);
}
export function storeLayer_f32(task: Task, l: i32, gradient: i32): void {
  storeLayer<f32>(task, l, gradient);
}
export function uniform_f32(seed: u32, stream: u32, count: i32, dst: usize, scratch: usize): void {
  uniform<f32>(seed, stream, count, dst, scratch);
}

// f64

export function layout_f64(task: Task, base: usize): f64 {
  return layout<f64>(task, base);
}
export function stagingRows_f64(m: i32, n: i32): i32 {
  return stagingRows<f64>(m, n);
}
export function stagedH_f64(task: Task): usize {
  return stagedH<f64>(task);
}
export function loadRows_f64(task: Task, row0: i32, count: i32): void {
  loadRows<f64>(task, row0, count);
}
export function measure_f64(task: Task): void {
  measure<f64>(task);
}
export function storeFactors_f64(task: Task): void {
  storeFactors<f64>(task);
}
export function storePerturbation_f64(task: Task, row0: i32, count: i32): void {
  storePerturbation<f64>(task, row0, count);
}
export function initRandom_f64(task: Task, seed: u32, stream: u32): void {
  initRandom<f64>(task, seed, stream);
}
export function initHalfNormal_f64(task: Task, seed: u32, stream: u32): void {
  initHalfNormal<f64>(task, seed, stream);
}
export function initNndsvd_f64(task: Task, seed: u32, fill: i32, work: usize): void {
  initNndsvd<f64>(task, seed, fill, work);
}
export function nndsvdBytes_f64(m: i32, n: i32, k: i32): f64 {
  return nndsvdBytes<f64>(m, n, k);
}
export function lead_f64(task: Task, command: i32, argument: i32): void {
  lead<f64>(task, command, argument);
}
export function follow_f64(task: Task, id: i32): void {
  follow<f64>(task, id);
}
export function gradientLayout_f64(task: Task, base: usize, mode: i32, states: i32): f64 {
  return gradientLayout<f64>(task, base, mode, states);
}
export function loadReference_f64(task: Task): void {
  loadReference<f64>(task);
}
export function storeGradient_f64(task: Task, row0: i32, count: i32): void {
  storeGradient<f64>(task, row0, count);
}
export function sensitivityLayout_f64(task: Task, base: usize, room: i32): f64 {
  return sensitivityLayout<f64>(task, base, room);
}
export function drawVector_f64(task: Task, seed: u32): void {
  drawVector<f64>(task, seed);
}
export function loadVector_f64(task: Task): void {
  loadVector<f64>(task);
}
export function storeVector_f64(task: Task, index: i32): void {
  storeVector<f64>(task, index);
}
export function loadLayer_f64(task: Task, l: i32): void {
  loadLayer<f64>(task, l);
}
export function storeLayer_f64(task: Task, l: i32, gradient: i32): void {
  storeLayer<f64>(task, l, gradient);
}
export function uniform_f64(seed: u32, stream: u32, count: i32, dst: usize, scratch: usize): void {
  uniform<f64>(seed, stream, count, dst, scratch);
}
