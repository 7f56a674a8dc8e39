import { randomUUID } from 'node:crypto';
import {
  type DriverProcess,
  type ExitStatus,
  exitStatus,
  type LinuxSignal,
  SandboxError,
  type SpawnOptions,
} from '@iterate/sandbox-provider';
import { ByteQueue } from './byte-queue.js';
import { endOnAbort } from './end-on-abort.js';
import type { Inside } from './inside.js';
import { killMarked } from './kill-marked.js';
import { processInput } from './process-input.js';
import { SessionCommand } from './session-command.js';
import { parseSpawnLine, type SpawnLine, spawnScript } from './spawn-script.js';

/** Starts a program in a session of its own, which is removed when it has ended. */
export async function spawnProcess(
  inside: Inside,
  argv: readonly string[],
  options: SpawnOptions,
): Promise<DriverProcess> {
  options.signal?.throwIfAborted();
  const mark = randomUUID();
  const { cwd, env, user, stdin } = options;
  const command = await SessionCommand.start(inside, spawnScript({ argv, mark, cwd, env, user, stdin }));
  const running = new RunningProcess(command, argv, cwd);
  inside.later(running.exit.catch(() => undefined).then(() => command.remove()));
  const kill = async (name: LinuxSignal) => {
    if (!running.ended) await killMarked(inside, mark, name);
  };
  endOnAbort(options.signal, running.exit, kill, (error) => running.fail(error));
  await running.started;
  return {
    stdout: running.stdout.read(),
    stderr: running.stderr.read(),
    exit: running.exit,
    kill: (name = 'SIGTERM') => kill(name),
    ...(stdin === true ? { stdin: processInput(inside, command, mark, () => running.ended) } : {}),
  };
}

/** Takes a process's log apart while it runs. */
class RunningProcess {
  readonly stdout = new ByteQueue();
  readonly stderr = new ByteQueue();
  readonly started: Promise<void>;
  readonly exit: Promise<ExitStatus>;
  readonly #argv: readonly string[];
  readonly #cwd: string | undefined;
  readonly #abort = new AbortController();
  #onStarted: () => void = () => undefined;
  #exitCode: number | undefined;
  #failure: unknown;
  ended = false;

  constructor(command: SessionCommand, argv: readonly string[], cwd: string | undefined) {
    this.#argv = argv;
    this.#cwd = cwd;
    const started = new Promise<void>((resolve) => {
      this.#onStarted = resolve;
    });
    this.exit = this.#follow(command);
    // A process that could not be started rejects `started`; nobody may be there for `exit`.
    this.exit.catch(() => undefined);
    this.started = Promise.race([started, this.exit.then(() => undefined)]);
  }

  /** Gives up on the process: its end cannot be known any more. */
  fail(error: unknown): void {
    this.#failure = error;
    this.#abort.abort();
  }

  async #follow(command: SessionCommand): Promise<ExitStatus> {
    try {
      for await (const { stream, text } of command.lines(this.#abort.signal)) {
        const line = parseSpawnLine(text);
        if (line?.kind === 'data') await this[stream].push(line.bytes);
        else if (line !== undefined) this.#note(line);
      }
      if (this.#failure !== undefined) throw this.#failure;
      const code = this.#exitCode ?? (await command.exitCode());
      if (code === undefined) throw new Error('the log ended before the process did');
      this.ended = true;
      this.stdout.end();
      this.stderr.end();
      return exitStatus(code);
    } catch (error) {
      this.ended = true;
      this.stdout.end(error);
      this.stderr.end(error);
      throw error;
    }
  }

  #note(line: SpawnLine): void {
    const [program = ''] = this.#argv;
    if (line.kind === 'started') this.#onStarted();
    else if (line.kind === 'exit') this.#exitCode = line.code;
    else if (line.kind === 'notfound')
      throw new SandboxError(
        'CommandNotFound',
        `"${program}" is not in the sandbox's PATH or is not executable.`,
        { argv: this.#argv },
      );
    else if (line.kind === 'nodirectory')
      throw new SandboxError(
        'FileNotFound',
        `The working directory ${this.#cwd} does not exist in the sandbox.`,
        {
          path: this.#cwd ?? '',
        },
      );
    else if (line.kind === 'missing')
      throw new SandboxError(
        'ProviderError',
        `The image has no ${line.what}, which running commands on Daytona needs. Add coreutils to the image.`,
        { provider: 'daytona', retryable: false },
      );
  }
}
