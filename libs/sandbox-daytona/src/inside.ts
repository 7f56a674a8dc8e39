import { SandboxError } from '@iterate/sandbox-provider';
import { guarded } from './daytona-error.js';
import type { DaytonaHandle, DaytonaSdk, SandboxDto } from './daytona-sdk.js';
import { httpFailure } from './http-failure.js';
import { withRetry } from './retry.js';
import { shellQuote } from './shell-quote.js';

/** The way into one sandbox: commands, files and sockets of its toolbox. */
export class Inside {
  readonly id: string;
  readonly sdk: DaytonaSdk;
  /** Endings under way that nobody waits for until the driver is disposed. */
  readonly background: Set<Promise<void>>;
  #handle: Promise<DaytonaHandle> | undefined;

  constructor(sdk: DaytonaSdk, id: string, background: Set<Promise<void>>) {
    this.sdk = sdk;
    this.id = id;
    this.background = background;
  }

  /** The SDK's object; fetched once. */
  handle(): Promise<DaytonaHandle> {
    this.#handle ??= withRetry(() => this.sdk.sandbox(this.id)).catch((error) => {
      this.#handle = undefined;
      throw error;
    });
    return this.#handle;
  }

  /** @throws SandboxError `SandboxNotFound` */
  dto(): Promise<SandboxDto> {
    return guarded(
      { operation: 'look up the sandbox', endpoint: this.sdk.access.apiUrl, sandbox: this.id },
      () => withRetry(async () => (await this.sdk.sandboxes.getSandbox(this.id)).data),
    );
  }

  /**
   * Runs a call on what is inside. When it fails, the state of the sandbox is looked at, since the toolbox
   * of one that is stopped or gone answers with anything.
   *
   * @param operation In words that fit after "Failed to".
   */
  async call<Result>(operation: string, call: (handle: DaytonaHandle) => Promise<Result>): Promise<Result> {
    try {
      return await call(await this.handle());
    } catch (error) {
      if (error instanceof Error && error.name === 'SandboxError') throw error;
      await this.requireStarted(operation);
      return guarded({ operation, endpoint: this.sdk.access.apiUrl }, () => Promise.reject(error));
    }
  }

  /** @throws SandboxError `NotRunning`, `SandboxNotFound` */
  async requireStarted(operation: string): Promise<void> {
    const { state = 'unknown' } = await this.dto();
    if (state !== 'started') throw notStarted(operation, this.id, state);
  }

  /**
   * Runs a script in `/bin/sh` to its end, both outputs as one.
   *
   * @param script Harmless to run twice: when the answer is lost, it is.
   */
  run(operation: string, script: string, ...args: string[]): Promise<{ exitCode: number; output: string }> {
    const command = ['/bin/sh', '-c', script, 'sh', ...args].map(shellQuote).join(' ');
    return this.call(operation, async (handle) => {
      const { exitCode, result } = await withRetry(() => handle.process.executeCommand(command));
      return { exitCode, output: result };
    });
  }

  /** Address of a socket of the toolbox. */
  async socketUrl(path: string): Promise<string> {
    const { toolboxProxyUrl } = await this.handle();
    return `${toolboxProxyUrl.replace(/\/$/, '').replace(/^http/, 'ws')}/${this.id}/${path}`;
  }

  /** Lets something end by itself; {@link background} knows of it. */
  later(work: Promise<unknown>): void {
    const settled = work.then(
      () => undefined,
      () => undefined,
    );
    const tracked = settled.finally(() => this.background.delete(tracked));
    this.background.add(tracked);
  }
}

/** The error of a call that needs a started sandbox. @param operation In words that fit after "Failed to". */
export function notStarted(operation: string, id: string, state: string): SandboxError<'NotRunning'> {
  return new SandboxError('NotRunning', `Failed to ${operation}: the sandbox is ${state}. Start it first.`, {
    id,
    state,
  });
}

/** Whether the service has no such thing. */
export function isMissing(error: unknown): boolean {
  return httpFailure(error).status === 404;
}
