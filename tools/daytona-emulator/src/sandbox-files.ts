import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FileInfo } from '@daytona/toolbox-api-client';
import { ApiError } from './api-error.js';
import type { Toolbox } from './toolbox.js';

const STAT_FORMAT = '%F|%s|%a|%Y|%U|%G|%A';
const WRITE = 'mkdir -p -- "$(dirname -- "$1")" && exec cat >"$1"';
const CODE_NOT_FOUND = 44;

/** Writes a file as the sandbox's user, making its directories. @throws ApiError 400 */
export async function writeFile(
  { engine, container }: Toolbox,
  path: string,
  content: Readable,
): Promise<void> {
  const { stream, stdout, stderr, exitCode } = await engine.exec(container, {
    argv: ['/bin/sh', '-c', WRITE, 'sh', path],
  });
  const problem = textOf(stderr);
  stdout.resume();
  await pipeline(content, stream, { end: true });
  const message = await problem;
  if ((await exitCode()) !== 0) throw new ApiError(400, `cannot write ${path}: ${message.trim()}`);
}

/** The bytes of a file, following symlinks. @throws ApiError 404 when there is no such file */
export async function readFile(toolbox: Toolbox, path: string): Promise<Readable> {
  const script = '[ -f "$1" ] && [ -r "$1" ]';
  const { exitCode } = await run(toolbox, script, path);
  if (exitCode !== 0) throw new ApiError(404, `file not found: ${path}`, 'FILE_NOT_FOUND');
  const { stream, stdout, stderr } = await toolbox.engine.exec(toolbox.container, {
    argv: ['cat', '--', path],
  });
  stream.end();
  stderr.resume();
  return stdout;
}

/** @throws ApiError 404 */
export async function fileInfo(toolbox: Toolbox, path: string): Promise<FileInfo> {
  const [info] = await stats(toolbox, `[ -e "$1" ] || exit ${CODE_NOT_FOUND}; set -- "$1"`, path);
  if (info === undefined) throw notFound(path);
  return info;
}

/** @throws ApiError 404 */
export function listFiles(toolbox: Toolbox, path: string): Promise<FileInfo[]> {
  return stats(toolbox, `cd -- "$1" 2>/dev/null || exit ${CODE_NOT_FOUND}; set -- * .[!.]* ..?*`, path);
}

export async function makeFolder(toolbox: Toolbox, path: string, mode: string): Promise<void> {
  await change(toolbox, 'mkdir -p -- "$1" && chmod -- "$2" "$1"', path, mode === '' ? '755' : mode);
}

/** @throws ApiError 404; 400 for a directory without `recursive` */
export async function deleteFile(toolbox: Toolbox, path: string, recursive: boolean): Promise<void> {
  const remove = recursive
    ? 'rm -rf -- "$1"'
    : '[ -d "$1" ] && { echo "is a directory" >&2; exit 1; }; rm -f -- "$1"';
  await change(toolbox, `[ -e "$1" ] || [ -L "$1" ] || exit ${CODE_NOT_FOUND}; ${remove}`, path);
}

/** @throws ApiError 404 */
export async function moveFile(toolbox: Toolbox, source: string, destination: string): Promise<void> {
  await change(toolbox, `[ -e "$1" ] || exit ${CODE_NOT_FOUND}; mv -- "$1" "$2"`, source, destination);
}

/** @throws ApiError 404 */
export async function setPermissions(
  toolbox: Toolbox,
  path: string,
  {
    mode = '',
    owner = '',
    group = '',
  }: { mode?: string | undefined; owner?: string | undefined; group?: string | undefined },
): Promise<void> {
  const script = `[ -e "$1" ] || exit ${CODE_NOT_FOUND}
[ -z "$2" ] || chmod -- "$2" "$1" || exit 1
[ -z "$3" ] || chown -- "$3" "$1" || exit 1
[ -z "$4" ] || chgrp -- "$4" "$1"`;
  await change(toolbox, script, path, mode, owner, group);
}

/** Standard output of a small command. @throws ApiError 400 */
export async function outputOf(toolbox: Toolbox, script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await run(toolbox, script);
  if (exitCode !== 0) throw new ApiError(400, stderr.toString('utf8').trim());
  return stdout.toString('utf8').trim();
}

async function stats(toolbox: Toolbox, select: string, path: string): Promise<FileInfo[]> {
  const script = `${select}
for f in "$@"; do
  [ -e "$f" ] || [ -L "$f" ] || continue
  stat -c '${STAT_FORMAT}' -- "$f" && printf '%s\\0' "$f"
done`;
  const { exitCode, stdout } = await run(toolbox, script, path);
  if (exitCode === CODE_NOT_FOUND) throw notFound(path);
  return stdout
    .toString('utf8')
    .split('\0')
    .filter((record) => record !== '')
    .map((record) => toFileInfo(record, path));
}

function toFileInfo(record: string, path: string): FileInfo {
  const newline = record.indexOf('\n');
  const [kind = '', size, mode = '', modified, owner = '', group = '', text = ''] = record
    .slice(0, newline)
    .split('|');
  const modifiedAt = new Date(Number(modified) * 1000).toISOString();
  const name = record.slice(newline + 1);
  return {
    name: name.slice(name.lastIndexOf('/') + 1),
    path: name.startsWith('/') ? name : `${path}/${name}`,
    isDir: kind === 'directory',
    size: Number(size),
    mode: text,
    permissions: mode.padStart(4, '0'),
    modTime: modifiedAt,
    modifiedAt,
    owner,
    group,
  };
}

async function change(toolbox: Toolbox, script: string, path: string, ...args: string[]): Promise<void> {
  const { exitCode, stderr } = await run(toolbox, script, path, ...args);
  if (exitCode === CODE_NOT_FOUND) throw notFound(path);
  if (exitCode !== 0) throw new ApiError(400, stderr.toString('utf8').trim());
}

function run({ engine, container }: Toolbox, script: string, ...args: string[]) {
  return engine.run(container, { argv: ['/bin/sh', '-c', script, 'sh', ...args] });
}

function notFound(path: string): ApiError {
  return new ApiError(404, `file not found: ${path}`, 'FILE_NOT_FOUND');
}

async function textOf(source: Readable): Promise<string> {
  let text = '';
  for await (const chunk of source) text += String(chunk);
  return text;
}
