// What an audit comes to, in sentences.

import type { Norm } from "../projection.js";
import { KEPT, REPLACED } from "./changes.js";
import type { AttackedModel, Audit, AuditAttack, AuditModel, AuditSettings, AuditVerdict } from "./types.js";

/** Names of the models in sentences. */
export const TITLES = { nmf: "NMF", atnmf: "AT-NMF", anmf: "ANMF" } as const;

/** More features than this are counted, or told by those that are left. */
const MANY = 4;

/** A model that leaves more of the data than this does not fit them. */
export const MISFIT = 0.5;

/** Features under one attack of one model, sorted by what became of them. */
export interface Fates {
  readonly replaced: readonly number[];
  readonly changed: readonly number[];
  readonly kept: readonly number[];
}

/** Which features an attack replaces, changes and leaves. */
export function fatesOf(similarities: readonly number[]): Fates {
  const all = similarities.map((_, feature) => feature);
  const of = (feature: number) => similarities[feature] as number;
  return {
    replaced: all.filter((feature) => of(feature) < REPLACED),
    changed: all.filter((feature) => of(feature) >= REPLACED && of(feature) < KEPT),
    kept: all.filter((feature) => of(feature) >= KEPT),
  };
}

const similaritiesOf = ({ features }: Pick<AttackedModel, "features">) =>
  features.map(({ similarity }) => similarity);

/** The verdict on the first model under the first norm, and findings beyond. */
export function verdictOf(
  settings: AuditSettings,
  models: readonly AuditModel[],
  attacks: readonly AuditAttack[],
  data: Pick<Audit["data"], "max">,
): AuditVerdict {
  const [model] = models as readonly [AuditModel];
  const unstable = model.refit.found.flatMap((share, feature) => (share <= 0.5 ? [feature] : []));
  const [norm] = settings.norms as readonly [Norm];
  const own = attacks.filter((attack) => attack.norm === norm);
  const at = (attack: AuditAttack) => attack.models[0] as AttackedModel;
  const fates = own.map((attack) => fatesOf(similaritiesOf(at(attack))));
  const last = own.length - 1;
  const shown = [
    fates.findIndex(({ replaced }) => replaced.length > 0),
    fates.findIndex(({ changed }) => changed.length > 0),
    last,
  ].find((index) => index >= 0);
  if (shown === undefined) {
    return {
      sentences: [
        "The audit was stopped before any attack was finished.",
        startsSentence(unstable, settings),
      ],
      findings: [],
      level: "unfinished",
      model: model.model,
      norm: null,
      epsilon: null,
      replaced: [],
      changed: [],
      unstable,
      trusted: [],
    };
  }
  const attack = own[shown] as AuditAttack;
  const fate = fates[shown] as Fates;
  const noise = fatesOf(at(attack).noise.similarity);
  const trusted = fate.kept.filter((feature) => noise.kept.includes(feature) && !unstable.includes(feature));
  const level = fate.replaced.length > 0 ? "fragile" : fate.changed.length > 0 ? "shaken" : "robust";
  return {
    sentences: [
      harmSentence(attack, fate, noise, settings.rank, data),
      trustSentence(trusted, unstable, settings.rank),
    ],
    findings: findingsOf(settings, models, attacks, attack, data),
    level,
    model: model.model,
    norm: attack.norm,
    epsilon: attack.epsilon,
    replaced: fate.replaced,
    changed: fate.changed,
    unstable,
    trusted,
  };
}

/** `1%`, `0.25%`. */
export function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))}%`;
}

/** `A change of 1% of this matrix`, the size in the words of its norm. */
function sizeText({ norm, epsilon }: AuditAttack, { max }: Pick<Audit["data"], "max">): string {
  if (norm === "l2") return `change of ${percent(epsilon)} of this matrix`;
  return `change of each entry by at most ${percent(epsilon / max)} of the largest`;
}

function harmSentence(
  attack: AuditAttack,
  { replaced, changed }: Fates,
  noise: Fates,
  rank: number,
  data: Pick<Audit["data"], "max">,
): string {
  const chosen = `${sizeText(attack, data)}, chosen by an attacker who knows how you factorize,`;
  const moved = noise.replaced.length + noise.changed.length;
  const features = rank === 1 ? "feature" : "features";
  if (replaced.length + changed.length === 0) {
    const random =
      moved === 0 ? "so do random errors of that size" : `random errors of that size change ${moved}`;
    return `Even a ${chosen} leaves ${rank === 1 ? "your one" : `all ${rank} of your`} ${features} in place; ${random}.`;
  }
  const harm =
    replaced.length > 0
      ? `replaces ${replaced.length} of your ${rank} ${features}${changed.length > 0 ? ` and visibly changes ${changed.length} more` : ""}`
      : `visibly changes ${changed.length} of your ${rank} ${features}, but replaces none`;
  const random =
    moved === 0
      ? "random errors of that size do nothing"
      : `random errors of that size already change ${moved}`;
  return `A ${chosen} ${harm}; ${random}.`;
}

function trustSentence(trusted: readonly number[], unstable: readonly number[], rank: number): string {
  const unsure =
    unstable.length === 0
      ? ""
      : unstable.length === rank
        ? ": another start of the same factorization, without any change, already finds other features"
        : `; ${unstable.length > MANY ? `${unstable.length} features` : list(unstable)} ${unstable.length === 1 ? "is" : "are"} not even found again from another start of the same factorization`;
  if (trusted.length === 0)
    return `${rank === 1 ? "It cannot" : "None of your features can"} be trusted at that level${unsure}.`;
  if (trusted.length === rank && rank > 1) return `All ${rank} features can be trusted at that level.`;
  const doubted = Array.from({ length: rank }, (_, feature) => feature).filter(
    (feature) => !trusted.includes(feature),
  );
  const which =
    trusted.length > MANY && doubted.length < trusted.length ? `all but ${list(doubted)}` : list(trusted);
  return `${capital(which)} can be trusted at that level${unsure}.`;
}

function startsSentence(unstable: readonly number[], { rank }: AuditSettings): string {
  if (unstable.length === 0) return `Other starts of the same factorization find all ${rank} features again.`;
  return `${capital(list(unstable))} ${unstable.length === 1 ? "is" : "are"} not found again from another start of the same factorization.`;
}

/** `features 1, 3 and 4`. */
export function list(features: readonly number[]): string {
  const numbers = features.map((feature) => feature + 1);
  if (numbers.length === 1) return `feature ${numbers[0]}`;
  return `features ${numbers.slice(0, -1).join(", ")} and ${numbers.at(-1)}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function findingsOf(
  settings: AuditSettings,
  models: readonly AuditModel[],
  attacks: readonly AuditAttack[],
  shown: AuditAttack,
  data: Pick<Audit["data"], "max">,
): string[] {
  const found: string[] = [];
  const count = (model: AttackedModel) => {
    const { replaced, changed } = fatesOf(similaritiesOf(model));
    if (replaced.length + changed.length === 0) return "leaves all features in place";
    if (replaced.length === 0) return `changes ${changed.length} and replaces none`;
    return `replaces ${replaced.length}${changed.length > 0 ? ` and changes ${changed.length} more` : ""}`;
  };
  for (const [at, attacked] of shown.models.entries()) {
    if (at === 0) continue;
    const title = attacked.model === "atnmf" ? `AT-NMF (λ = ${settings.lambda})` : TITLES[attacked.model];
    const { reconstructionError } = models[at] as AuditModel;
    const way =
      attacked.attackedBy === "own gradient"
        ? "an attack of its own"
        : `the change made against ${TITLES[attacked.source]}`;
    const plain = TITLES[(models[0] as AuditModel).model];
    const misfit =
      reconstructionError > MISFIT
        ? ` ${TITLES[attacked.model]} does not fit these data: its features mean little.`
        : "";
    found.push(
      `${title} instead of ${plain}: at that size ${way} ${count(attacked)}. Without a change it leaves ${percent(reconstructionError)} of the data unexplained, ${plain} ${percent((models[0] as AuditModel).reconstructionError)}.${misfit}`,
    );
  }
  const [first] = shown.models as readonly [AttackedModel];
  const { mean, values } = first.otherStarts.featureError;
  const refit = (models[0] as AuditModel).refit.featureError.mean;
  found.push(
    `An attacker who does not know where the factorization starts: from ${values.length === 1 ? "another start" : `${values.length} other starts`} the changed data has a feature error of ${mean.toFixed(2)} and the unchanged data one of ${refit.toFixed(2)}; from the known start the attack comes to ${first.featureError.toFixed(2)}.`,
  );
  for (const norm of settings.norms.slice(1)) {
    const own = attacks.filter((attack) => attack.norm === norm);
    const hit =
      own.find(
        ({ models: [model] }) => fatesOf(similaritiesOf(model as AttackedModel)).kept.length < settings.rank,
      ) ?? own.at(-1);
    if (hit) found.push(`A ${sizeText(hit, data)}, chosen alike, ${count(hit.models[0] as AttackedModel)}.`);
  }
  return found;
}
