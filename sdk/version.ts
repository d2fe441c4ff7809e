/** Set by the build from package.json. */
declare const ADVNMF_VERSION: string;

/** The version of advnmf. */
export const VERSION: string = ADVNMF_VERSION;
