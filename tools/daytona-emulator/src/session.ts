import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Session as SessionDto } from '@daytona/toolbox-api-client';
import { ApiError } from './api-error.js';
import type { Engine, RunningExec } from './engine.js';
import { LineSplitter, labelLine, type StreamName } from './labelled-lines.js';
import { LogSpool } from './log-spool.js';
import { MARK, signalMarked } from './marked-processes.js';
import { SessionCommand } from './session-command.js';
import { shellQuote } from './shell-quote.js';

/** Where a session runs. */
export interface SessionPlace {
  engine: Engine;
  container: string;
  env: Readonly<Record<string, string>>;
  /** Directory on the host for the logs. */
  logDir: string;
}

/**
 * A shell that stays: commands run in it one after the other and see what the earlier ones changed. A line
 * with a secret mark on both outputs tells where the output of one command ends.
 */
export class Session {
  readonly id: string;
  readonly commands = new Map<string, SessionCommand>();
  readonly #place: SessionPlace;
  readonly #mark: string;
  readonly #shell: RunningExec;
  /** Commands whose output has not ended, per output. */
  readonly #queues: Record<StreamName, SessionCommand[]> = { stdout: [], stderr: [] };

  private constructor(id: string, place: SessionPlace, mark: string, shell: RunningExec) {
    this.id = id;
    this.#place = place;
    this.#mark = mark;
    this.#shell = shell;
    void this.#follow();
  }

  static async open(id: string, place: SessionPlace): Promise<Session> {
    const mark = randomBytes(16).toString('hex');
    const shell = await place.engine.exec(place.container, {
      argv: ['/bin/sh'],
      env: { ...place.env, [MARK]: mark },
    });
    return new Session(id, place, mark, shell);
  }

  /** As the toolbox API reports it. */
  toJSON(): SessionDto {
    return { sessionId: this.id, commands: [...this.commands.values()].map((command) => command.toJSON()) };
  }

  /** @throws ApiError 404 */
  command(id: string): SessionCommand {
    const command = this.commands.get(id);
    if (command === undefined) throw new ApiError(404, 'command not found', 'PROCESS_NOT_FOUND');
    return command;
  }

  /** Runs a command after those before it. */
  execute(text: string, options: { withInput: boolean; echo: boolean }): SessionCommand {
    const id = randomUUID();
    const log = new LogSpool(join(this.#place.logDir, `${id}.log`));
    const command = new SessionCommand({ id, command: text, echo: options.echo, log });
    this.commands.set(id, command);
    for (const queue of Object.values(this.#queues)) queue.push(command);
    this.#shell.stream.write(this.#script(command, text, options.withInput));
    return command;
  }

  input(commandId: string, data: string): Promise<void> {
    const { engine, container } = this.#place;
    return this.command(commandId).input(engine, container, data);
  }

  async close(): Promise<void> {
    await signalMarked(this.#place.engine, this.#place.container, this.#mark, 'KILL');
    await this.abandon();
  }

  /** Forgets the session of a container that has stopped. */
  async abandon(): Promise<void> {
    this.#shell.stream.destroy();
    await this.#finishAll(137);
    for (const { log } of this.commands.values()) await log.remove();
  }

  #script(command: SessionCommand, text: string, withInput: boolean): string {
    const pipe = shellQuote(command.inputPipe);
    const end = `${this.#mark}:`;
    const run = withInput
      ? `rm -f ${pipe}; mkfifo -m 600 ${pipe}; { eval ${shellQuote(text)}; } <>${pipe}`
      : `{ eval ${shellQuote(text)}; } </dev/null`;
    return `${run}
_daytona_code=$?; rm -f ${pipe}; printf '${end}%s\\n' "$_daytona_code"; printf '${end}%s\\n' "$_daytona_code" >&2
`;
  }

  async #follow(): Promise<void> {
    await Promise.all([
      this.#consume('stdout', this.#shell.stdout),
      this.#consume('stderr', this.#shell.stderr),
    ]);
    await this.#finishAll(await this.#shell.exitCode().catch(() => 137));
  }

  async #consume(stream: StreamName, source: Readable): Promise<void> {
    const splitter = new LineSplitter();
    for await (const chunk of source) await this.#take(stream, splitter.push(chunk));
    await this.#take(stream, splitter.flush());
  }

  async #take(stream: StreamName, lines: Buffer[]): Promise<void> {
    const queue = this.#queues[stream];
    let batch: Buffer[] = [];
    for (const line of lines) {
      const at = line.indexOf(this.#mark);
      if (at !== 0) batch.push(labelLine(stream, at === -1 ? line : line.subarray(0, at)));
      if (at === -1) continue;
      const command = queue.shift();
      if (command === undefined) continue;
      await command.log.append(Buffer.concat(batch));
      batch = [];
      const ended = !Object.values(this.#queues).some((waiting) => waiting.includes(command));
      if (ended) await command.finish(Number(line.subarray(at + this.#mark.length + 1).toString('utf8')));
    }
    // What a background process writes after its command's end has no log any more.
    if (batch.length > 0) await queue[0]?.log.append(Buffer.concat(batch));
  }

  async #finishAll(exitCode: number): Promise<void> {
    for (const command of this.commands.values()) await command.finish(exitCode);
  }
}
