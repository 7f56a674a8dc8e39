import { randomBytes } from 'node:crypto';
import type { Connection, Sandbox } from '@iterate/sandbox-provider';
import { createClient, type PidnapApi } from 'pidnap/client';
import { type SandboxCommand, sandboxCommand, type UpOutput } from './sandbox-command.js';

/** Where the repository is inside. */
const REPO = '/home/iterate/src/github.com/iterate/iterate';
export const DAEMON_PORT = 3000;
export const OPENCODE_PORT = 4096;

/** A sandbox that `sandbox up` makes, on whichever provider, and the ways into it. */
export class SandboxUnderTest implements AsyncDisposable {
  readonly name = `test-${randomBytes(4).toString('hex')}`;
  readonly command: SandboxCommand;
  readonly connection: Pick<Connection, 'get' | 'provider'> & AsyncDisposable;
  readonly #args: readonly string[];
  #up: UpOutput | undefined;
  #box: Sandbox | undefined;

  /** @param args Options of `sandbox up`. */
  constructor(connection: SandboxUnderTest['connection'], cwd: string, args: readonly string[] = []) {
    this.connection = connection;
    this.command = sandboxCommand(cwd, { SANDBOX_PROVIDER: connection.provider });
    this.#args = args;
  }

  /** `sandbox up`: makes it, or brings it back. */
  async bringUp(): Promise<UpOutput> {
    this.#up = await this.command.up('--name', this.name, ...this.#args);
    this.#box = await this.connection.get(this.#up.id);
    return this.#up;
  }

  /** What the last {@link bringUp} printed. */
  get up(): UpOutput {
    if (this.#up === undefined) throw new Error('the sandbox is not up');
    return this.#up;
  }

  get box(): Sandbox {
    if (this.#box === undefined) throw new Error('the sandbox is not up');
    return this.#box;
  }

  get pidnap(): PidnapApi {
    return createClient({ fetch: this.box.fetchInside });
  }

  /** What a command prints that must succeed, in the repository. */
  async output(...argv: string[]): Promise<string> {
    return (await this.box.exec(argv, { cwd: REPO })).orThrow().stdout.trim();
  }

  /** Sends keys to the daemon from here, as a user's backend does. */
  patchEnv(body: unknown, token = this.up.secrets.token): Promise<Response> {
    return this.box.fetch(DAEMON_PORT, '/api/env', {
      method: 'PATCH',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#box?.destroy();
    await this.connection[Symbol.asyncDispose]();
  }
}
