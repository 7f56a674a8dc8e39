/** A step of the update script inside, as it ends. */
export interface UpdateStep {
  readonly name: string;
  /** Milliseconds. */
  readonly ms: number;
}

/**
 * Reads what the update script prints, and tells which step took how long: a step ends where the next one begins.
 * Skipped ones are not told.
 *
 * @param now Clock in ms.
 */
export class UpdateSteps {
  readonly #now: () => number;
  readonly #onStep: (step: UpdateStep) => void;
  #name = 'sync';
  #since: number;
  #rest = '';

  constructor(onStep: (step: UpdateStep) => void, now: () => number = () => performance.now()) {
    this.#onStep = onStep;
    this.#now = now;
    this.#since = now();
  }

  /** The step that runs now. */
  get current(): string {
    return this.#name;
  }

  read(chunk: string): void {
    const lines = `${this.#rest}${chunk}`.split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const [, name, skipped] = /^prepare-repo: (\S+)( skipped\b.*)?$/.exec(line) ?? [];
      if (name === undefined) continue;
      // The first line says that the copying is over, whether its step is skipped or not.
      this.#end();
      this.#name = skipped === undefined ? name : '';
    }
  }

  /** The script has ended. */
  end(): void {
    this.#end();
    this.#name = '';
  }

  #end(): void {
    const now = this.#now();
    if (this.#name !== '') this.#onStep({ name: this.#name, ms: Math.round(now - this.#since) });
    this.#since = now;
  }
}
