// What the figures say, in words. Every sentence is chosen by them.

import { gradientText, normText } from "./protocol.js";
import type { Attacked, SetAttacks } from "./record.js";

/** Whether an attack moves the features further than noise of its size and another start do, in every trial. */
export function isBeyondControls({ outcome }: Attacked): boolean {
  return outcome.featureError > Math.max(outcome.noise.most, outcome.refit.most);
}

/** The same, without the tenth of the other starts that lead furthest away: a few may end in a poor minimum. */
export function isBeyondMost({ outcome }: Attacked): boolean {
  const starts = [...outcome.refit.values].sort((a, b) => a - b);
  const kept = starts.slice(0, starts.length - Math.floor(starts.length / 10));
  return outcome.featureError > Math.max(outcome.noise.most, ...kept);
}

/** Whether, from starts that the attacker does not know, it still does so on average. */
export function isTransferred(attack: Attacked): boolean {
  const { transfer, noise, refit } = attack.outcome;
  return isBeyondControls(attack) && transfer.mean > Math.max(noise.most, refit.most);
}

/** The attack that moves the features furthest. */
export function strongest(attacks: readonly Attacked[]): Attacked | undefined {
  return attacks.reduce<Attacked | undefined>(
    (best, attack) => (best && best.outcome.featureError >= attack.outcome.featureError ? best : attack),
    undefined,
  );
}

/** The sentences for the top of the page. */
export function verdictOf(sets: readonly SetAttacks[]): string[] {
  const every = sets.flatMap(({ attacks: own }) => own);
  const attacks = every.filter(({ procedure }) => procedure === "ours");
  if (attacks.length === 0) return ["No attack of our procedure is finished."];
  const all = attacks.length;
  const beyond = attacks.filter(isBeyondControls).length;
  const most = attacks.filter(isBeyondMost).length;
  const carried = attacks.filter(isTransferred).length;
  const leniently = `Without the tenth of the other starts that leads furthest away, ${most} of ${all} ${most === 1 ? "does" : "do"}.`;
  const sentences = [
    `${countText(beyond, all, "moves", "move")} the features further than every random perturbation of the same size and every other start of the unattacked data.${beyond === 0 ? "" : ` ${carriedText(carried, beyond)} on average over starts that the attacker does not know.`}${most > beyond ? ` ${leniently}` : ""}`,
  ];
  const compared = attacks.filter(({ quoted }) => quoted !== null);
  if (compared.length > 0) {
    const above = compared.filter(({ outcome, quoted }) => outcome.featureError > (quoted as number)).length;
    const drawn = compared.some(({ set }) => set === "synthetic")
      ? ", and the Synthetic data are another draw"
      : "";
    sentences.push(
      `Of ${compared.length} figures of the authors’ code that can be quoted, ours ${above === 1 ? "is larger in 1 case" : `are larger in ${above} cases`}. Ours know the victim’s start, theirs draw others${drawn}.`,
    );
  }
  const pairs = attacks.flatMap((attack) => {
    const official = every.find(
      (other) =>
        other.procedure === "official" &&
        other.set === attack.set &&
        other.norm === attack.norm &&
        other.epsilon === attack.epsilon &&
        other.gradient === attack.gradient,
    );
    return official ? [{ attack, official }] : [];
  });
  if (pairs.length > 0) {
    const ahead = pairs.filter(
      ({ attack, official }) => attack.outcome.featureError > official.outcome.featureError,
    ).length;
    sentences.push(
      `Against the official procedure, run here on the same data, ours has the larger feature error in ${ahead} of ${pairs.length} ${pairs.length === 1 ? "case" : "cases"}.`,
    );
  }
  return sentences;
}

function carriedText(carried: number, beyond: number): string {
  if (beyond === 1) return carried === 1 ? "It does so also" : "It does not do so";
  if (carried === 0) return "None of these does so";
  if (carried === beyond) return `All ${beyond} do so also`;
  return `${carried} of these ${carried === 1 ? "does" : "do"} so also`;
}

/** `All 4 attacks move`, `1 of 4 attacks moves`. */
function countText(count: number, all: number, one: string, several: string): string {
  if (all === 1) return count === 1 ? `The one attack ${one}` : `Not one attack of one ${one}`;
  if (count === 0) return `None of ${all} attacks ${one}`;
  if (count === all) return `All ${all} attacks ${several}`;
  return `${count} of ${all} attacks ${count === 1 ? one : several}`;
}

/** What is to be said of one set. */
export function findingsOf({ attacks: every }: SetAttacks): string[] {
  const attacks = every.filter(({ procedure }) => procedure === "ours");
  const sentences: string[] = [];
  for (const norm of new Set(attacks.map((attack) => attack.norm))) {
    const best = strongest(attacks.filter((attack) => attack.norm === norm));
    if (best === undefined) continue;
    const { featureError, noise, refit, transfer, reconstructionError, unattackedReconstruction } =
      best.outcome;
    const verb = isBeyondControls(best) ? "beyond" : "not beyond";
    sentences.push(
      `${normText(norm)}: the strongest attack, ε = ${best.epsilon} by ${gradientText(best.gradient)}, has a feature error of ${figure(featureError)}, which is ${verb} its controls: noise of the same size has at most ${figure(noise.most)}, and another start of the unattacked data at most ${figure(refit.most)} (mean ${figure(refit.mean)}). From ${transfer.values.length} starts that the attacker does not know it has ${figure(transfer.mean)} on average, ${figure(transfer.least)} to ${figure(transfer.most)}. The reconstruction error goes from ${errorFigure(unattackedReconstruction)} to ${errorFigure(reconstructionError)}.`,
    );
  }
  if (attacks.some((attack) => attacks.some((other) => isOutdone(attack, other)))) {
    sentences.push(
      "Not every attack comes to more than one of a smaller size, whose point would have been allowed to it as well: each size is searched on its own, and the search does not always find the way.",
    );
  }
  const unsolved = attacks.filter(
    ({ gradient, outcome }) => gradient === "implicit" && !outcome.gradientReliable,
  );
  if (unsolved.length > 0) {
    sentences.push(
      `In ${unsolved.length} of the implicit attacks (ε = ${unsolved.map(({ epsilon }) => epsilon).join(", ")}) a system on the way could not be solved; such steps follow the back-propagated gradient.`,
    );
  }
  const held = attacks.filter(({ outcome }) => outcome.refit.mean > 0.1);
  if (held.length > 0) {
    sentences.push(
      "Here other starts alone lead to other features, with no attack at all: the factorization is not unique, or not at its end after so many iterations, and a feature error has to be read against that floor.",
    );
  }
  return sentences;
}

/** Whether an attack comes to less than one of a smaller size by the same gradient. */
function isOutdone(attack: Attacked, other: Attacked): boolean {
  return (
    other.norm === attack.norm &&
    other.gradient === attack.gradient &&
    other.epsilon < attack.epsilon &&
    other.outcome.featureError > attack.outcome.featureError
  );
}

/** A feature error. */
export function figure(value: number): string {
  return value.toFixed(3);
}

/** A reconstruction error. */
export function errorFigure(value: number): string {
  return value.toPrecision(3);
}
