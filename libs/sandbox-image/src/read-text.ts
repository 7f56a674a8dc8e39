import type { Git } from './git.js';

/** The whole content of one small blob as text. */
export async function readText(git: Git, objectId: string): Promise<string> {
  return Buffer.from(await git.bytes(['cat-file', 'blob', objectId])).toString('utf8');
}
