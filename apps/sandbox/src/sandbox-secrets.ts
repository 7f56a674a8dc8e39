import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import envPaths from 'env-paths';
import * as z from 'zod';

const recordSchema = z.object({
  id: z.string().regex(/^[0-9a-zA-Z_.-]+$/),
  name: z.string(),
  token: z.string(),
  opencodeUsername: z.string(),
  opencodePassword: z.string(),
});

/** The secrets of one sandbox, which only its user may read. */
export type SandboxSecrets = z.infer<typeof recordSchema>;

/** Directory of the CLI's state: `$XDG_DATA_HOME/iterate-sandbox/sandboxes` on Linux. */
export function stateDir(): string {
  return join(envPaths('iterate-sandbox', { suffix: '' }).data, 'sandboxes');
}

/** New secrets: 256 and 192 random bits. */
export function generateSecrets(): Pick<SandboxSecrets, 'token' | 'opencodeUsername' | 'opencodePassword'> {
  return {
    token: randomBytes(32).toString('base64url'),
    opencodeUsername: 'opencode',
    opencodePassword: randomBytes(24).toString('base64url'),
  };
}

/** What the container gets in place of the token: nobody inside can learn the token from it. */
export function tokenDigest(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** One file per sandbox, mode 0600, in a directory of mode 0700. */
export class SecretStore {
  readonly #dir: string;

  constructor(dir = stateDir()) {
    this.#dir = dir;
  }

  /** `undefined` when this machine's user did not make the sandbox, or its file was removed. */
  async read(id: string): Promise<SandboxSecrets | undefined> {
    try {
      return recordSchema.parse(JSON.parse(await readFile(this.#file(id), 'utf8')));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw new Error(`${this.#file(id)} is damaged; remove the sandbox and make it anew.`, { cause: error });
    }
  }

  async write(secrets: SandboxSecrets): Promise<void> {
    await this.#put(this.#file(secrets.id), `${JSON.stringify(secrets, undefined, 2)}\n`);
  }

  /**
   * Writes a page that leads a browser to `url`, and that only the user can read.
   *
   * @returns its path
   */
  async writeEntrance(id: string, url: string): Promise<string> {
    const file = this.#entrance(id);
    await this.#put(file, `<!doctype html><meta http-equiv="refresh" content="0;url=${encodeURI(url)}">\n`);
    return file;
  }

  async remove(id: string): Promise<void> {
    await rm(this.#file(id), { force: true });
    await rm(this.#entrance(id), { force: true });
  }

  /** Ids of all sandboxes with a file. */
  async ids(): Promise<string[]> {
    try {
      const files = await readdir(this.#dir);
      return files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  /** Whole or not at all, and never readable for others. */
  async #put(file: string, content: string): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    await chmod(this.#dir, 0o700);
    const unfinished = `${file}.${process.pid}.tmp`;
    await writeFile(unfinished, content, { mode: 0o600 });
    await rename(unfinished, file);
  }

  #file(id: string): string {
    return join(this.#dir, `${id}.json`);
  }

  #entrance(id: string): string {
    return join(this.#dir, `${id}.html`);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
