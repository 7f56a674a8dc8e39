import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiError } from './api-error.js';
import type { Engine } from './engine.js';
import { Session } from './session.js';
import { shellQuote } from './shell-quote.js';
import { Terminal, type TerminalOptions } from './terminal.js';

const ENTRYPOINT_SESSION = 'entrypoint';

/** What runs in one started sandbox on behalf of its API: sessions and terminals. */
export class Toolbox {
  readonly engine: Engine;
  readonly container: string;
  /** Environment of everything that runs in the sandbox; not the container's, so that a snapshot has none of it. */
  readonly env: Readonly<Record<string, string>>;
  readonly sessions = new Map<string, Session>();
  readonly terminals = new Map<string, Terminal>();
  readonly #logDir: string;

  private constructor(
    engine: Engine,
    container: string,
    env: Readonly<Record<string, string>>,
    logDir: string,
  ) {
    this.engine = engine;
    this.container = container;
    this.env = env;
    this.#logDir = logDir;
  }

  /** @param entrypoint Main process, run in a session of its own. */
  static async start(
    engine: Engine,
    container: string,
    options: { env: Readonly<Record<string, string>>; entrypoint: readonly string[] },
  ): Promise<Toolbox> {
    const logDir = await mkdtemp(join(tmpdir(), 'daytona-emulator-'));
    const toolbox = new Toolbox(engine, container, options.env, logDir);
    const session = await toolbox.createSession(ENTRYPOINT_SESSION);
    if (options.entrypoint.length > 0)
      session.execute(options.entrypoint.map(shellQuote).join(' '), {
        withInput: false,
        echo: false,
      });
    return toolbox;
  }

  async createSession(id: string): Promise<Session> {
    if (this.sessions.has(id)) throw new ApiError(409, 'session already exists');
    const session = await Session.open(id, {
      engine: this.engine,
      container: this.container,
      env: this.env,
      logDir: this.#logDir,
    });
    this.sessions.set(id, session);
    return session;
  }

  /** @throws ApiError 404 */
  session(id: string): Session {
    const session = this.sessions.get(id);
    if (session === undefined) throw new ApiError(404, 'session not found');
    return session;
  }

  /** The session of the main process. */
  get entrypoint(): Session {
    return this.session(ENTRYPOINT_SESSION);
  }

  async deleteSession(id: string): Promise<void> {
    const session = this.session(id);
    this.sessions.delete(id);
    await session.close();
  }

  async openTerminal(options: TerminalOptions): Promise<Terminal> {
    if (this.terminals.has(options.id)) throw new ApiError(409, 'PTY session with this ID already exists');
    const terminal = await Terminal.open(this.engine, this.container, {
      ...options,
      env: { ...this.env, ...options.env },
    });
    this.terminals.set(options.id, terminal);
    return terminal;
  }

  /** @throws ApiError 404 */
  terminal(id: string): Terminal {
    const terminal = this.terminals.get(id);
    if (terminal === undefined) throw new ApiError(404, 'PTY session not found');
    return terminal;
  }

  /** Forgets everything: the container has stopped or is gone. */
  async abandon(): Promise<void> {
    for (const session of this.sessions.values()) await session.abandon();
    this.sessions.clear();
    this.terminals.clear();
    await rm(this.#logDir, { recursive: true, force: true });
  }
}
