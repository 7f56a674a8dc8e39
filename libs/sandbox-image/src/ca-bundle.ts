import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The certificate authorities that this machine's tools trust beyond their own, and where that was found. */
export interface CaBundle {
  file: string;
  source: string;
}

/** One place to look; `undefined` means that nothing is set there. */
const STRATEGIES: readonly { source: string; find(env: NodeJS.ProcessEnv): Promise<string | undefined> }[] = [
  { source: 'NODE_EXTRA_CA_CERTS', find: async (env) => env.NODE_EXTRA_CA_CERTS },
  { source: 'SSL_CERT_FILE', find: async (env) => env.SSL_CERT_FILE },
  { source: 'npm_config_cafile', find: async (env) => env.npm_config_cafile ?? env.NPM_CONFIG_CAFILE },
  { source: 'npm cafile', find: (env) => cafileOf(env.npm_config_userconfig ?? join(homedir(), '.npmrc')) },
];

/** Finds a CA bundle for build steps behind a proxy that inspects TLS. A setting that names no file is passed over. */
export async function findCaBundle(env: NodeJS.ProcessEnv = process.env): Promise<CaBundle | undefined> {
  for (const { source, find } of STRATEGIES) {
    const file = await find(env);
    if (file && (await isFile(file))) return { file, source };
  }
  return undefined;
}

async function cafileOf(npmrc: string): Promise<string | undefined> {
  try {
    return /^\s*cafile\s*=\s*"?([^"\n]+?)"?\s*$/m.exec(await readFile(npmrc, 'utf8'))?.[1];
  } catch {
    // No readable .npmrc is the common case, and says that it sets nothing.
    return undefined;
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    // A variable left over from another machine names a file that is not here.
    return false;
  }
}
