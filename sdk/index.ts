// advnmf: the public names.

export { anmf } from "./anmf.js";
export { atnmf } from "./atnmf.js";
export type {
  AttackResult,
  LafaResult,
  PartialAttacks,
  Spread,
} from "./attack.js";
export type { LafaOptions, LafaProgress } from "./attack-options.js";
export type {
  AttackedModel,
  Audit,
  AuditAttack,
  AuditControl,
  AuditModel,
  AuditModelName,
  AuditOptions,
  AuditProgress,
  AuditSensitivity,
  AuditSettings,
  AuditShape,
  AuditSource,
  AuditVerdict,
  DownstreamFigures,
  FactorizationChange,
  FeatureChange,
  PlainMatrix,
} from "./audit/types.js";
export { audit } from "./audit.js";
export { type DatasetFacts, type DatasetName, type DatasetOptions, datasets } from "./datasets.js";
export { createEngine, type Dtype, type Engine, type EngineOptions } from "./engine.js";
export { AdvnmfError, type ErrorCode } from "./errors.js";
export { type Factors, type FeatureErrorResult, featureError } from "./feature-error.js";
export { sha256 } from "./fingerprint.js";
export type {
  Activation,
  CompressionOptions,
  CompressionResult,
  LinearOptions,
  LinearResult,
  Network,
  NetworkAttackOptions,
  NetworkAttackResult,
  NetworkGradient,
  NetworkLayer,
  PairFigures,
  PointCompression,
  PointsOptions,
  Prediction,
  SignsOptions,
  SignsResult,
  TrainedLayer,
  TrainOptions,
  TrainResult,
} from "./fragility/types.js";
export { type Fragility, fragility } from "./fragility.js";
export { type HiddenEntries, type HideOptions, hideEntries } from "./hide.js";
export { info, type RuntimeInfo } from "./info.js";
export { type Lafa, lafa } from "./lafa.js";
export type { GradientOptions, GradientResult } from "./lafa-gradient.js";
export { type Matrix, type MatrixLike, type MatrixNames, matrix, type Numbers, type Rows } from "./matrix.js";
export type { Model } from "./model.js";
export { nmf } from "./nmf.js";
export type { WasmSource } from "./platform/load.js";
export type { Norm } from "./projection.js";
export { type ReportOptions, renderReport } from "./report/report.js";
export { type RankScore, type SelectRankOptions, type SelectRankResult, selectRank } from "./select-rank.js";
export {
  type FeatureSensitivity,
  type SensitivityOptions,
  type SensitivityResult,
  sensitivity,
} from "./sensitivity.js";
export { transform } from "./transform.js";
export type {
  AnmfHistoryEntry,
  AnmfOptions,
  AnmfResiduals,
  AnmfRestartResult,
  AnmfResult,
  AtnmfHistoryEntry,
  AtnmfOptions,
  AtnmfResult,
  HistoryEntry,
  InitOption,
  LambdaScore,
  LossOption,
  NmfOptions,
  NmfResult,
  Progress,
  RestartResult,
  SolverOption,
  StopReason,
  TransformOptions,
  TransformResult,
} from "./types.js";
export { VERSION } from "./version.js";
export { createWorker, type RemoteSolver, type WorkerOptions } from "./workers/client.js";
