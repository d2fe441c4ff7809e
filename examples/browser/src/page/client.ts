// The studio's worker as the page sees it: one run at a time, a new one replaces the old, and a cancelled run that
// does not stop by itself is ended with its worker.

import type { AuditProgress } from "advnmf";
import { proxy, type Remote, wrap } from "comlink";
import type {
  Attacked,
  AttackProgress,
  AttackSettings,
  Download,
  FitProgress,
  FitSettings,
  Fitted,
  Opened,
  Outcome,
  Reading,
  StudioApi,
  View,
} from "../protocol.js";

/** Milliseconds that a run may take to stop by itself. */
const PATIENCE = 400;

interface Thread {
  readonly worker: Worker;
  readonly api: Remote<StudioApi>;
  /** Resolves when the worker can no longer answer. */
  readonly gone: Promise<Outcome<never>>;
  end(outcome: Outcome<never>): void;
}

const CANCELLED: Outcome<never> = { ok: false, code: "ABORTED", message: "Cancelled.", field: "form" };

export class Studio {
  #thread: Thread | undefined;
  /** What a new worker has to do to be where the old one was. */
  #reading: Reading | undefined;
  #settings: FitSettings | undefined;
  #run: Promise<unknown> | undefined;
  #number = 0;

  constructor() {
    // A page that is left, or kept for the way back, leaves no worker at work.
    addEventListener("pagehide", () => this.#thread?.end(CANCELLED));
  }

  /** One call that is no run. */
  async ask<T>(question: (api: Remote<StudioApi>) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    const { api, gone } = this.#alive();
    return Promise.race([question(api), gone]);
  }

  /** One call about the matrix and its factorization, which a new worker makes again first. */
  async recall<T>(question: (api: Remote<StudioApi>) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    const restored = await this.#restore(true);
    return restored && !restored.ok ? restored : this.ask(question);
  }

  /** Opens a matrix; undefined if another run took its place. */
  open(reading: Reading): Promise<Outcome<Opened> | undefined> {
    this.#settings = undefined;
    return this.#replace(async () => {
      const opened = await this.ask((api) => api.open(reading));
      this.#reading = opened.ok ? reading : undefined;
      return opened;
    });
  }

  factorize(
    settings: FitSettings,
    view: View,
    tell: (progress: FitProgress) => void,
  ): Promise<Outcome<Fitted> | undefined> {
    return this.#replace(async () => {
      const restored = await this.#restore(false);
      if (restored && !restored.ok) return restored;
      this.#settings = undefined;
      const fitted = await this.ask((api) => api.factorize(settings, view, proxy(tell)));
      // What was cancelled cannot be had again: it depends on when that was.
      if (fitted.ok && !fitted.value.cancelled) this.#settings = settings;
      return fitted;
    });
  }

  attack(
    settings: AttackSettings,
    view: View,
    tell: (progress: AttackProgress) => void,
  ): Promise<Outcome<Attacked> | undefined> {
    return this.#replace(async () => {
      const restored = await this.#restore(true);
      if (restored && !restored.ok) return restored;
      return this.ask((api) => api.attack(settings, view, proxy(tell)));
    });
  }

  report(view: View, tell: (progress: AuditProgress) => void): Promise<Outcome<Download> | undefined> {
    return this.#replace(async () => {
      const restored = await this.#restore(true);
      if (restored && !restored.ok) return restored;
      return this.ask((api) => api.report(view, proxy(tell)));
    });
  }

  /** Stops the run under way; resolves when it has ended. */
  async cancel(): Promise<void> {
    const running = this.#run;
    const thread = this.#thread;
    if (!running || !thread) return;
    void thread.api.cancel();
    const late = setTimeout(() => thread.end(CANCELLED), PATIENCE);
    await running;
    clearTimeout(late);
  }

  /** Runs `job` when what is under way has been stopped; of several that wait, the last. */
  async #replace<T>(job: () => Promise<Outcome<T>>): Promise<Outcome<T> | undefined> {
    const number = ++this.#number;
    await this.cancel();
    if (number !== this.#number) return undefined;
    const running = job();
    this.#run = running;
    const result = await running;
    if (this.#run === running) this.#run = undefined;
    return number === this.#number ? result : undefined;
  }

  /** In a new worker: opens what was open, and repeats the factorization, which gives the same bits. */
  async #restore(fitted: boolean): Promise<Outcome<unknown> | undefined> {
    if (this.#thread) return undefined;
    const { api, gone } = this.#alive();
    const reading = this.#reading;
    const settings = this.#settings;
    if (!reading) return undefined;
    const opened = await Promise.race([api.open(reading), gone]);
    if (!opened.ok || !fitted || !settings) return opened;
    const ignore = proxy(() => undefined);
    return Promise.race([api.factorize(settings, { kind: "lines" }, ignore), gone]);
  }

  #alive(): Thread {
    this.#thread ??= this.#start();
    return this.#thread;
  }

  #start(): Thread {
    const worker = new Worker(new URL("./studio-worker.js", import.meta.url), { type: "module" });
    let answer: (outcome: Outcome<never>) => void = () => undefined;
    const gone = new Promise<Outcome<never>>((resolve) => {
      answer = resolve;
    });
    const thread: Thread = {
      worker,
      api: wrap<StudioApi>(worker),
      gone,
      end: (outcome) => {
        worker.terminate();
        if (this.#thread === thread) this.#thread = undefined;
        answer(outcome);
      },
    };
    worker.onerror = (event) => {
      event.preventDefault();
      const reason = event.message || "its script could not be loaded";
      thread.end({
        ok: false,
        code: "WORKER",
        message: `The worker failed: ${reason}. Try again.`,
        field: "form",
      });
    };
    return thread;
  }
}
