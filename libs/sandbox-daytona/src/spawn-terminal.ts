import { randomUUID } from 'node:crypto';
import {
  type DriverProcess,
  exitStatus,
  type LinuxSignal,
  type SpawnOptions,
  type TtySize,
} from '@iterate/sandbox-provider';
import { ByteQueue, noBytes } from './byte-queue.js';
import { endOnAbort } from './end-on-abort.js';
import type { Inside } from './inside.js';
import { killMarked } from './kill-marked.js';
import { withRetry } from './retry.js';
import { shellQuote } from './shell-quote.js';
import { SPAWN_MARK } from './spawn-script.js';

/**
 * Starts a program on a terminal. The service starts a shell there, which is told to become the program;
 * what the shell says before that is dropped.
 */
export async function spawnTerminal(
  inside: Inside,
  argv: readonly string[],
  options: SpawnOptions & { tty: TtySize },
): Promise<DriverProcess> {
  const { tty, cwd, env, user } = options;
  const mark = randomUUID();
  const output = new ByteQueue();
  const skip = new SkipUntil(`ready-${mark}\r\n`);
  const program = argv.map(shellQuote).join(' ');
  const become =
    user === undefined ? program : `su -m -s /bin/sh -c 'exec "$0" "$@"' -- ${shellQuote(user)} ${program}`;
  const pty = await inside.call('open a terminal', ({ process }) =>
    withRetry(() =>
      process.createPty({
        id: `iterate-${mark}`,
        cols: tty.cols,
        rows: tty.rows,
        ...(cwd === undefined ? {} : { cwd }),
        envs: { ...env, [SPAWN_MARK]: mark },
        onData: async (data) => output.push(skip.take(data)),
      }),
    ),
  );
  // Two quoted halves, so that the echo of this line is not taken for the mark itself.
  await pty.sendInput(` stty -echo; printf 'ready-''${mark}\\n'; stty echo; exec ${become}\n`);
  const exit = pty.wait().then(({ exitCode, error }) => {
    output.end();
    if (exitCode === undefined) throw new Error(`The terminal was lost: ${error ?? 'no reason given'}`);
    return exitStatus(exitCode);
  });
  exit.catch((error) => output.end(error));
  let ended = false;
  const onEnd = () => {
    ended = true;
  };
  exit.then(onEnd, onEnd);
  inside.later(exit.finally(() => pty.disconnect()));
  const kill = async (name: LinuxSignal) => {
    if (!ended) await killMarked(inside, mark, name);
  };
  endOnAbort(options.signal, exit, kill, (error) => output.end(error));
  return {
    stdout: output.read(),
    stderr: noBytes(),
    exit,
    kill: (name = 'SIGTERM') => kill(name),
    resize: async (size) => {
      await inside.call('resize a terminal', () => withRetry(() => pty.resize(size.cols, size.rows)));
    },
    ...(options.stdin === true
      ? {
          stdin: {
            write: (chunk: Uint8Array) => pty.sendInput(chunk),
            // The terminal's way to say end of file: Ctrl-D.
            end: async () => {
              if (!ended) await pty.sendInput('\u0004');
            },
          },
        }
      : {}),
  };
}

/** Drops everything up to and with a text. */
class SkipUntil {
  readonly #text: Buffer;
  #before: Buffer | undefined = Buffer.alloc(0);

  constructor(text: string) {
    this.#text = Buffer.from(text);
  }

  take(data: Uint8Array): Uint8Array {
    if (this.#before === undefined) return data;
    this.#before = Buffer.concat([this.#before, data]);
    const at = this.#before.indexOf(this.#text);
    if (at === -1) return new Uint8Array();
    const rest = this.#before.subarray(at + this.#text.length);
    this.#before = undefined;
    return rest;
  }
}
