import type { ProbeSpec } from '../config/spec.js';
import type { LogLine, ProbeInfo } from '../protocol/info.js';
import { type Check, type CheckContext, type CheckResult, startCheck } from './check.js';

export interface ProbeOptions {
  readonly spec: ProbeSpec;
  readonly context: CheckContext;
  /** Hears the lines of the run, for a log probe. */
  readonly subscribe: (listener: (line: LogLine) => void) => () => void;
  /** Called when the verdict changes. */
  readonly onVerdict: (ok: boolean, message: string) => void;
}

/** One probe of one run: checks at intervals until it is stopped. */
export class Probe {
  readonly #options: ProbeOptions;
  #timer: NodeJS.Timeout | undefined;
  #check: Check | undefined;
  #unsubscribe: (() => void) | undefined;
  #stopped = false;
  #verdict: boolean | null = null;
  #everPassed = false;
  #successes = 0;
  #failures = 0;
  #message = 'not checked yet';
  #checkedAt: string | null = null;

  constructor(options: ProbeOptions) {
    this.#options = options;
    const { check, initialDelay } = options.spec;
    if (check.type === 'log') this.#listen(new RegExp(check.source, check.flags));
    this.#schedule(check.type === 'log' ? options.spec.firstInterval + initialDelay : initialDelay);
  }

  get info(): ProbeInfo {
    return {
      ok: this.#verdict,
      message: this.#message,
      checkedAt: this.#checkedAt,
      consecutiveFailures: this.#failures,
    };
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#check?.cancel();
    this.#unsubscribe?.();
  }

  #listen(pattern: RegExp): void {
    this.#unsubscribe = this.#options.subscribe((line) => {
      if (!pattern.test(line.text)) return;
      this.#unsubscribe?.();
      clearTimeout(this.#timer);
      this.#successes = this.#options.spec.successThreshold;
      this.#record({ ok: true, message: `its output matched /${pattern.source}/` });
    });
  }

  #schedule(delayMs: number): void {
    if (!this.#stopped) this.#timer = setTimeout(() => this.#run(), delayMs);
  }

  #run(): void {
    const { spec, context } = this.#options;
    if (spec.check.type === 'log') {
      this.#record({ ok: false, message: `no line of its output has matched /${spec.check.source}/ yet` });
      this.#schedule(spec.firstInterval);
      return;
    }
    this.#check = startCheck(spec.check, spec.timeout, context, (result) => {
      this.#record(result);
      this.#schedule(this.#everPassed ? spec.interval : spec.firstInterval);
    });
  }

  #record(result: CheckResult): void {
    const { spec } = this.#options;
    this.#message = result.message;
    this.#checkedAt = new Date().toISOString();
    this.#successes = result.ok ? this.#successes + 1 : 0;
    this.#failures = result.ok ? 0 : this.#failures + 1;
    if (result.ok) {
      if (this.#successes < spec.successThreshold) return;
      this.#everPassed = true;
      if (this.#verdict !== true) this.#decide(true, result.message);
    } else if (this.#failures >= spec.failureThreshold && this.#verdict !== false) {
      this.#decide(false, result.message);
    }
  }

  #decide(ok: boolean, message: string): void {
    this.#verdict = ok;
    this.#options.onVerdict(ok, message);
  }
}
