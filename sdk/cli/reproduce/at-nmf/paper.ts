// The published figures: T. Cai, V. Y. F. Tan, C. Févotte, "Adversarially-Trained Nonnegative Matrix
// Factorization" (2021), Tables I to IV: RMSE on held-out entries, mean ± standard deviation over 10 starts.

/** One figure of a table, as printed. */
export interface PaperFigure {
  readonly mean: number;
  readonly std: number;
}

/** One row of a table. */
export interface PaperRow {
  /** The fraction of entries that is held out. */
  readonly alpha: number;
  readonly nmf: PaperFigure;
  readonly anmf: PaperFigure;
  /** One figure for each of the table's λ, in their order. */
  readonly atnmf: readonly PaperFigure[];
}

/** One table of the paper. */
export interface PaperTable {
  /** Its Roman number. */
  readonly number: "I" | "II" | "III" | "IV";
  readonly caption: string;
  /** The λ of its AT-NMF columns. */
  readonly lambdas: readonly number[];
  /** Digits behind the point. */
  readonly decimals: number;
  readonly rows: readonly PaperRow[];
}

/** Rows from the table's text: α, then `mean std` for NMF, ANMF and AT-NMF at each λ. */
function rows(text: string): PaperRow[] {
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const [alpha, ...numbers] = line.trim().split(/\s+/).map(Number) as [number, ...number[]];
      const figures: PaperFigure[] = [];
      for (let i = 0; i < numbers.length; i += 2)
        figures.push({ mean: numbers[i] as number, std: numbers[i + 1] as number });
      const [nmf, anmf, ...atnmf] = figures as [PaperFigure, PaperFigure, ...PaperFigure[]];
      return { alpha, nmf, anmf, atnmf };
    });
}

/** Table I. */
export const TABLE_I: PaperTable = {
  number: "I",
  caption: "RMSE of the synthetic dataset",
  lambdas: [2, 3, 5],
  decimals: 2,
  rows: rows(`
    0.3  5.37 0.02  6.78 0.17  5.41 0.12  5.11 0.03  5.20 0.02
    0.4  5.62 0.03  6.92 0.17  5.54 0.08  5.32 0.09  5.42 0.04
    0.5  6.41 0.01  7.44 0.09  6.27 0.11  6.05 0.03  6.18 0.02
    0.6  6.74 0.02  7.61 0.09  6.47 0.07  6.39 0.03  6.53 0.02
    0.7  7.30 0.01  7.99 0.06  7.02 0.04  6.94 0.01  7.10 0.02
    0.8  7.87 0.01  8.30 0.06  7.69 0.04  7.61 0.03  7.71 0.00
    0.9  8.45 0.01  8.58 0.06  8.44 0.02  8.34 0.02  8.35 0.02`),
};

/** Table II. */
export const TABLE_II: PaperTable = {
  number: "II",
  caption: "RMSE of the CBCL dataset",
  lambdas: [2, 5],
  decimals: 3,
  rows: rows(`
    0.3  0.204 0.001  0.189 0.000  0.176 0.001  0.195 0.001
    0.4  0.232 0.001  0.217 0.000  0.192 0.001  0.224 0.001
    0.5  0.253 0.001  0.241 0.000  0.209 0.001  0.244 0.001
    0.6  0.272 0.000  0.262 0.000  0.227 0.000  0.262 0.000
    0.7  0.291 0.000  0.285 0.000  0.248 0.001  0.283 0.000
    0.8  0.309 0.000  0.306 0.000  0.277 0.001  0.303 0.000
    0.9  0.328 0.000  0.326 0.000  0.314 0.000  0.324 0.000`),
};

/** Table III. */
export const TABLE_III: PaperTable = {
  number: "III",
  caption: "RMSE of the Moffet dataset",
  lambdas: [2, 5],
  decimals: 3,
  rows: rows(`
    0.3  0.056 0.000  0.050 0.000  0.041 0.001  0.049 0.000
    0.4  0.072 0.000  0.067 0.000  0.052 0.001  0.064 0.000
    0.5  0.088 0.000  0.084 0.000  0.064 0.000  0.079 0.000
    0.6  0.103 0.000  0.100 0.000  0.079 0.000  0.095 0.000
    0.7  0.120 0.000  0.117 0.000  0.097 0.000  0.113 0.000
    0.8  0.136 0.000  0.134 0.000  0.117 0.000  0.131 0.000
    0.9  0.151 0.000  0.150 0.000  0.140 0.000  0.148 0.000`),
};

/** Table IV. Its data were not published. */
export const TABLE_IV: PaperTable = {
  number: "IV",
  caption: "RMSE of the Madonna dataset",
  lambdas: [2, 5],
  decimals: 3,
  rows: rows(`
    0.3  0.120 0.000  0.106 0.000  0.103 0.006  0.109 0.000
    0.4  0.147 0.000  0.139 0.000  0.117 0.004  0.134 0.000
    0.5  0.175 0.000  0.170 0.000  0.131 0.006  0.161 0.000
    0.6  0.204 0.000  0.201 0.000  0.158 0.003  0.190 0.000
    0.7  0.232 0.000  0.229 0.000  0.185 0.005  0.219 0.000
    0.8  0.261 0.000  0.260 0.000  0.227 0.002  0.251 0.000
    0.9  0.290 0.000  0.289 0.000  0.271 0.000  0.284 0.000`),
};
