import { randomUUID } from 'node:crypto';
import { followLog } from './follow-log.js';
import { httpFailure } from './http-failure.js';
import { type Inside, isMissing } from './inside.js';
import type { LabelledLine } from './labelled-lines.js';
import { isTransient, withRetry } from './retry.js';

/** One command in a session of its own. */
export class SessionCommand {
  readonly sessionId: string;
  readonly commandId: string;
  readonly #inside: Inside;

  constructor(inside: Inside, sessionId: string, commandId: string) {
    this.#inside = inside;
    this.sessionId = sessionId;
    this.commandId = commandId;
  }

  /** Starts a command. @param sessionId @default a new one */
  static start(
    inside: Inside,
    command: string,
    sessionId = `iterate-${randomUUID()}`,
  ): Promise<SessionCommand> {
    return inside.call('start a command', async ({ process }) => {
      try {
        await withRetry(() => process.createSession(sessionId));
      } catch (error) {
        // The answer to a first try was lost.
        if (httpFailure(error).status !== 409) throw error;
      }
      return withRetry(async () => {
        try {
          const request = { command, runAsync: true, suppressInputEcho: true };
          const { cmdId } = await process.executeSessionCommand(sessionId, request);
          return new SessionCommand(inside, sessionId, cmdId);
        } catch (error) {
          if (!isTransient(error)) throw error;
          // It may run all the same, and must not run twice.
          const { commands } = await withRetry(() => process.getSession(sessionId));
          const [started] = commands ?? [];
          if (started === undefined) throw error;
          return new SessionCommand(inside, sessionId, started.id);
        }
      });
    });
  }

  /** The first command of a session that exists. */
  static async find(
    inside: Inside,
    sessionId: string,
  ): Promise<{ command: SessionCommand; exitCode: number | undefined } | undefined> {
    return inside.call('look up a command', async ({ process }) => {
      try {
        const { commands } = await withRetry(() => process.getSession(sessionId));
        const [first] = commands ?? [];
        if (first === undefined) return undefined;
        return { command: new SessionCommand(inside, sessionId, first.id), exitCode: first.exitCode };
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    });
  }

  /** Its log from the start, to its end. */
  async *lines(signal: AbortSignal): AsyncGenerator<LabelledLine> {
    const path = `process/session/${this.sessionId}/command/${this.commandId}/logs?follow=true`;
    yield* followLog({
      url: await this.#inside.socketUrl(path),
      headers: this.#inside.sdk.headers,
      signal,
      stillThere: async () => {
        await this.exitCode();
      },
    });
  }

  /** Its log as it is now. */
  log(): Promise<{ stdout: string; stderr: string; output: string }> {
    return this.#inside.call('read the log of a command', async ({ process }) => {
      const {
        stdout = '',
        stderr = '',
        output = '',
      } = await withRetry(() => process.getSessionCommandLogs(this.sessionId, this.commandId));
      return { stdout, stderr, output };
    });
  }

  /** `undefined` while it runs. */
  exitCode(): Promise<number | undefined> {
    return this.#inside.call('look up a command', async ({ process }) => {
      const command = await withRetry(() => process.getSessionCommand(this.sessionId, this.commandId));
      return command.exitCode ?? undefined;
    });
  }

  /** @param data Harmless to arrive twice. */
  async input(data: string): Promise<void> {
    await this.#inside.call('write to a command', ({ process }) =>
      withRetry(() => process.sendSessionCommandInput(this.sessionId, this.commandId, data)),
    );
  }

  /** Removes the session and what still runs in it. */
  async remove(): Promise<void> {
    const { process } = await this.#inside.handle();
    try {
      await withRetry(() => process.deleteSession(this.sessionId));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
}
