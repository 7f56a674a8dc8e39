import { randomBytes } from 'node:crypto';
import type { PtySessionInfo } from '@daytona/toolbox-api-client';
import type { WebSocket } from 'ws';
import type { Engine, RunningExec } from './engine.js';
import { MARK, signalMarked } from './marked-processes.js';

/** How a terminal is opened. */
export interface TerminalOptions {
  id: string;
  cols: number;
  rows: number;
  cwd: string | undefined;
  env: Record<string, string>;
}

/** A shell on a terminal. */
export class Terminal {
  readonly #engine: Engine;
  readonly #container: string;
  readonly #shell: RunningExec;
  readonly #mark: string;
  readonly #createdAt = new Date();
  #options: TerminalOptions;

  private constructor(
    engine: Engine,
    container: string,
    options: TerminalOptions,
    mark: string,
    shell: RunningExec,
  ) {
    this.#engine = engine;
    this.#container = container;
    this.#options = options;
    this.#mark = mark;
    this.#shell = shell;
  }

  static async open(engine: Engine, container: string, options: TerminalOptions): Promise<Terminal> {
    const mark = randomBytes(16).toString('hex');
    const shell = await engine.exec(container, {
      argv: ['/bin/sh', '-c', 'if command -v bash >/dev/null; then exec bash -i; else exec sh -i; fi'],
      env: { TERM: 'xterm-256color', ...options.env, [MARK]: mark },
      cwd: options.cwd,
      tty: true,
    });
    // The engine starts with a terminal of 0 by 0.
    await shell.resize(options);
    return new Terminal(engine, container, options, mark, shell);
  }

  toJSON(): PtySessionInfo {
    const { id, cols, rows, cwd = '', env } = this.#options;
    return {
      id,
      cols,
      rows,
      cwd,
      envs: env,
      active: true,
      lazyStart: false,
      createdAt: this.#createdAt.toISOString(),
    };
  }

  /** Joins a socket to the terminal until either ends. */
  async serve(socket: WebSocket): Promise<void> {
    const { stream, stdout } = this.#shell;
    socket.on('message', (data: Buffer) => stream.write(data));
    socket.once('close', () => void this.close());
    socket.send(JSON.stringify({ type: 'control', status: 'connected' }));
    for await (const chunk of stdout) {
      await new Promise<void>((resolve) => socket.send(chunk, { binary: true }, () => resolve()));
    }
    const exitCode = await this.#shell.exitCode();
    socket.send(JSON.stringify({ type: 'control', status: 'exited', exitCode }));
    socket.close(1000, JSON.stringify({ exitCode }));
  }

  async resize(size: { cols: number; rows: number }): Promise<void> {
    await this.#shell.resize(size);
    this.#options = { ...this.#options, ...size };
  }

  async close(): Promise<void> {
    await signalMarked(this.#engine, this.#container, this.#mark, 'KILL');
    this.#shell.stream.destroy();
  }
}
