import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { ExitInfo } from '../protocol/info.js';
import { type Launch, type LaunchOptions, launchByFork } from './launch.js';
import { isGroupAlive, signalGroup } from './process-group.js';

/** How to start one child, and whom to tell of it. */
export interface RunOptions extends LaunchOptions {
  /** @default by a fork */
  readonly launch?: Launch;
  /** Called when the leader is dead, before the rest of its group is. */
  readonly onExit?: () => void;
  /** Called once, never before `startRun` has returned, when no member of the group runs any more. */
  readonly onEnd: (exit: ExitInfo) => void;
  /** Told of what a person should know, such as a signal the kernel refused. */
  readonly onWarning: (message: string) => void;
}

/** A group that outlives SIGKILL by this much hangs in the kernel; the service goes on without waiting. */
const unkillableMs = 5000;

/**
 * One life of a child: from the spawn until its whole process group is gone. The child leads its own session
 * and group. Signals go to the group, and only while it is known to exist, so that no reused id is hit.
 */
export class Run {
  readonly pid: number | null;
  readonly startedAt: string = new Date().toISOString();
  readonly #options: RunOptions;
  readonly #startedMs = performance.now();
  #exit: ExitInfo | undefined;
  #ended = false;
  #stopping = false;
  #killTimer: NodeJS.Timeout | undefined;
  #pollTimer: NodeJS.Timeout | undefined;
  #killedMs: number | undefined;

  constructor(options: RunOptions) {
    this.#options = options;
    const child = this.#spawn();
    this.pid = child?.pid ?? null;
  }

  get uptimeMs(): number {
    return performance.now() - this.#startedMs;
  }

  /** Asks the group to end, and kills what is left of it after `timeoutMs`. */
  stop(signal: NodeJS.Signals, timeoutMs: number): void {
    if (this.#ended || this.#stopping) return;
    this.#stopping = true;
    this.#signal(signal);
    // A stopped (SIGSTOP) member would only see the signal once it goes on.
    if (signal !== 'SIGKILL') this.#signal('SIGCONT');
    this.#killTimer = setTimeout(() => this.kill(), timeoutMs);
  }

  /** Kills the whole group at once. */
  kill(): void {
    if (this.#ended) return;
    this.#stopping = true;
    this.#killGroup();
  }

  /** @returns false when the group has no member any more */
  #killGroup(): boolean {
    this.#killedMs ??= performance.now();
    return this.#signal('SIGKILL');
  }

  #spawn(): ChildProcess | undefined {
    const { launch = launchByFork } = this.#options;
    try {
      const child = launch(this.#options);
      // `exit`, not `close`: a grandchild that holds stdout would delay `close` for as long as it lives.
      child.on('exit', (code, signal) => this.#onLeaderExit({ code, signal }));
      // A failed spawn emits `error` and never `exit`.
      child.on('error', (error) => {
        if (child.pid === undefined) this.#onSpawnError(error);
        else this.#options.onWarning(error.message);
      });
      return child;
    } catch (error) {
      // E2BIG and the like are thrown.
      queueMicrotask(() => this.#onSpawnError(error as Error));
      return undefined;
    }
  }

  #onSpawnError(error: NodeJS.ErrnoException): void {
    this.#exit = this.#exitInfo({ code: null, signal: null }, spawnFailure(error, this.#options));
    this.#end();
  }

  #onLeaderExit(status: { code: number | null; signal: string | null }): void {
    this.#exit = this.#exitInfo(status);
    this.#options.onExit?.();
    // Nobody leads what is left of the group; its members would fight with the next run over ports and files.
    if (this.#stopping || this.#killGroup()) this.#awaitGroup(1);
    else this.#end();
  }

  #awaitGroup(delayMs: number): void {
    if (this.pid === null || !isGroupAlive(this.pid)) {
      this.#end();
      return;
    }
    if (this.#killedMs !== undefined && performance.now() - this.#killedMs > unkillableMs) {
      this.#options.onWarning(`process group ${this.pid} survives SIGKILL; it hangs in the kernel`);
      this.#end();
      return;
    }
    this.#pollTimer = setTimeout(() => this.#awaitGroup(Math.min(delayMs * 2, 50)), delayMs);
  }

  #end(): void {
    clearTimeout(this.#killTimer);
    clearTimeout(this.#pollTimer);
    this.#ended = true;
    if (this.#exit) this.#options.onEnd(this.#exit);
  }

  /** @returns false when there is nobody to get it */
  #signal(signal: NodeJS.Signals): boolean {
    if (this.pid === null) return false;
    try {
      return signalGroup(this.pid, signal);
    } catch (error) {
      this.#options.onWarning(`${signal} to process group ${this.pid}: ${(error as Error).message}`);
      return true;
    }
  }

  #exitInfo(status: { code: number | null; signal: string | null }, error?: string): ExitInfo {
    return {
      ...status,
      ...(error !== undefined && { error }),
      at: new Date().toISOString(),
      uptimeMs: Math.round(this.uptimeMs),
    };
  }
}

/** Node reports a missing directory as a missing command. */
function spawnFailure(error: NodeJS.ErrnoException, { argv, cwd }: RunOptions): string {
  if (error.code === 'ENOENT') {
    return existsSync(cwd) ? `command not found: ${argv[0]}` : `working directory does not exist: ${cwd}`;
  }
  if (error.code === 'EACCES') return `not permitted to execute ${argv[0]} in ${cwd}`;
  if (error.code === 'E2BIG') return 'arguments and environment are larger than the system allows';
  return error.message;
}
