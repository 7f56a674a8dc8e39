import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { execa } from 'execa';

/** A large repository that is the same in every run. */
export interface SyntheticRepository extends AsyncDisposable {
  dir: string;
  /** Bytes of all files. */
  bytes: number;
}

const WORDS = [
  'const',
  'export',
  'await',
  'function',
  'return',
  'interface',
  'readonly',
  'string',
  'number',
  'import',
];

/** Makes a repository of text files that look like source, with a history, checked out. */
export async function syntheticRepository(
  files: number,
  commits: number,
  fileBytes: number,
): Promise<SyntheticRepository> {
  const dir = await mkdtemp(join(tmpdir(), 'bench-image-synthetic-'));
  await execa('git', ['init', '--quiet', '--initial-branch=main'], { cwd: dir });
  await execa('git', ['fast-import', '--quiet'], {
    cwd: dir,
    input: Readable.from(history(files, commits, fileBytes)),
  });
  await execa('git', ['reset', '--quiet', '--hard'], { cwd: dir });
  return {
    dir,
    bytes: files * fileBytes,
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

function* history(files: number, commits: number, fileBytes: number): Generator<string> {
  const random = generator(42);
  const file = (): string => {
    let text = '';
    while (text.length < fileBytes)
      text += `${WORDS[Math.floor(random() * WORDS.length)]} ${Math.floor(random() * 1e6)};\n`;
    return text.slice(0, fileBytes);
  };
  for (let commit = 0; commit < commits; commit += 1) {
    yield `commit refs/heads/main\ncommitter Bench <bench@example.com> ${1_700_000_000 + commit} +0000\ndata 0\n`;
    if (commit === 0) {
      yield `M 100644 inline Dockerfile\n${data('FROM scratch\nCOPY . /repo\n')}`;
      for (let n = 0; n < files; n += 1) yield `M 100644 inline ${path(n)}\n${data(file())}`;
    } else {
      yield `M 100644 inline ${path(Math.floor(random() * files))}\n${data(file())}`;
    }
  }
}

function path(n: number): string {
  return `packages/p${n % 200}/src/d${n % 7}/file-${n}.ts`;
}

function data(text: string): string {
  return `data ${text.length}\n${text}\n`;
}

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
