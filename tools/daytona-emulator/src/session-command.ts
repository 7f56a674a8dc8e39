import type { Command } from '@daytona/toolbox-api-client';
import { ApiError } from './api-error.js';
import type { Engine, RunningExec } from './engine.js';
import { labelLine } from './labelled-lines.js';
import type { LogSpool } from './log-spool.js';

/** One command of a session. */
export class SessionCommand {
  readonly id: string;
  readonly log: LogSpool;
  /** Where its input comes from inside. */
  readonly inputPipe: string;
  readonly finished: Promise<void>;
  readonly #command: string;
  readonly #echo: boolean;
  #finish: () => void = () => undefined;
  #exitCode: number | undefined;
  #writer: Promise<RunningExec> | undefined;

  constructor(options: { id: string; command: string; echo: boolean; log: LogSpool }) {
    this.id = options.id;
    this.log = options.log;
    this.inputPipe = `/tmp/.daytona-input-${options.id}`;
    this.#command = options.command;
    this.#echo = options.echo;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  /** As the toolbox API reports it. */
  toJSON(): Command {
    return {
      id: this.id,
      command: this.#command,
      ...(this.#exitCode === undefined ? {} : { exitCode: this.#exitCode }),
    };
  }

  async finish(exitCode: number): Promise<void> {
    if (this.#exitCode !== undefined) return;
    this.#exitCode = exitCode;
    await this.log.end();
    this.#finish();
    (await this.#writer)?.stream.destroy();
  }

  /** @throws ApiError 410 when the command has ended */
  async input(engine: Engine, container: string, data: string): Promise<void> {
    if (this.#exitCode !== undefined)
      throw new ApiError(410, 'command has already completed', 'COMMAND_ALREADY_COMPLETED');
    this.#writer ??= engine.exec(container, {
      argv: ['/bin/sh', '-c', 'exec cat >"$1"', 'sh', this.inputPipe],
    });
    const { stream, stdout, stderr } = await this.#writer;
    stdout.resume();
    stderr.resume();
    await new Promise<void>((resolve) => stream.write(data, () => resolve()));
    if (this.#echo) await this.log.append(labelLine('stdout', Buffer.from(data.replace(/\n$/, ''))));
  }
}
