import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { execa } from 'execa';
import { type BuildProgressEvent, createProgressParser } from './build-progress.js';
import type { BuildCli } from './find-build-cli.js';
import { SandboxImageError } from './sandbox-image-error.js';
import { makeScratchDir } from './scratch-dir.js';

/** A file that build steps can read and no layer keeps. */
export interface BuildSecret {
  id: string;
  /** Path of the file on this machine. */
  src: string;
}

/** One run of BuildKit over a tar. */
export interface BuildRequest {
  cli: BuildCli;
  context: Readable;
  dockerfile: string;
  target?: string;
  platform?: string;
  buildArgs: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  secrets: readonly BuildSecret[];
  network?: string;
  /** Build every layer again. */
  noCache: boolean;
  /** All output of the build is written here; the file is replaced. */
  logFile: string;
  /** A command that prints the same context, for the words of an error. */
  contextCommand: string;
  signal?: AbortSignal;
  onProgress?: (event: BuildProgressEvent) => void;
}

/** So many of the failing step's last lines are in the error; the log file has all. */
const FAILURE_LINES = 25;

/** So long a client may take to cancel its build on the engine by itself. */
const CANCEL_MS = 300;

/** Builds an image without tagging it. @returns Its id. */
export async function buildImage(request: BuildRequest): Promise<string> {
  await using scratch = await makeScratchDir();
  const idFile = join(scratch.dir, 'id');
  const args = buildArguments(request);
  const subprocess = execa(request.cli.file, [...args, '--iidfile', idFile, '-'], {
    env: request.cli.env,
    stdin: 'pipe',
    stdout: 'ignore',
    buffer: false,
    reject: false,
    // docker 20.10 notes the first SIGTERM and goes on. The engine ends a step when its client is gone.
    forceKillAfterDelay: CANCEL_MS,
    ...(request.signal ? { cancelSignal: request.signal } : {}),
  });
  const report = readProgress(subprocess.stderr, request);
  const sent = sendContext(request.context, subprocess.stdin);
  const [result, progress, contextError] = await Promise.all([subprocess, report, sent]);
  if (result.isCanceled) {
    throw new SandboxImageError('ABORTED', 'The build was aborted.', { cause: request.signal?.reason });
  }
  if (contextError) throw contextError;
  if (result.failed) throw buildFailure(request, args, result.exitCode, progress);
  return (await readFile(idFile, 'utf8')).trim();
}

function buildArguments(request: BuildRequest): string[] {
  const pairs = (flag: string, values: Readonly<Record<string, string>>): string[] =>
    Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${value}`]);
  return [
    ...request.cli.args,
    '--progress=plain',
    ...['--file', request.dockerfile],
    ...(request.target ? ['--target', request.target] : []),
    ...(request.platform ? ['--platform', request.platform] : []),
    ...(request.network ? ['--network', request.network] : []),
    ...(request.noCache ? ['--no-cache'] : []),
    ...pairs('--build-arg', request.buildArgs),
    ...pairs('--label', request.labels),
    ...request.secrets.flatMap(({ id, src }) => ['--secret', `id=${id},src=${src}`]),
  ];
}

/**
 * Sends the context in a gzip frame, not for its size but for its checksum: a tar that is cut off between two files,
 * as when this process is killed, is a valid tar of half the tree, and BuildKit would build it.
 *
 * @returns The error of making the context; that of a reader which stopped reading is in its own exit code.
 */
async function sendContext(context: Readable, stdin: NodeJS.WritableStream): Promise<Error | undefined> {
  let failure: Error | undefined;
  context.once('error', (error: Error) => {
    failure = error;
  });
  await pipeline(context, createGzip({ level: 0 }), stdin).catch(() => undefined);
  return failure && (failure as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE'
    ? undefined
    : failure;
}

interface ProgressReport {
  failed?: { name: string; error: string; lines: readonly string[] };
  /** The last lines of all, for a failure that no step owns. */
  tail: readonly string[];
}

async function readProgress(output: Readable, request: BuildRequest): Promise<ProgressReport> {
  const log = createWriteStream(request.logFile, { mode: 0o600 });
  const parse = createProgressParser();
  const linesOf = new Map<number, string[]>();
  const tail: string[] = [];
  let failed: { step: number; name: string; error: string } | undefined;
  for await (const line of createInterface({ input: output, crlfDelay: Number.POSITIVE_INFINITY })) {
    log.write(`${line}\n`);
    remember(tail, line);
    const event = parse(line);
    if (!event) continue;
    if (event.type === 'log') {
      const lines = linesOf.get(event.step) ?? [];
      linesOf.set(event.step, lines);
      remember(lines, event.text);
    } else if (event.state === 'failed') {
      failed ??= { step: event.step, name: event.name, error: event.error ?? '' };
    } else if (event.state !== 'running') {
      linesOf.delete(event.step);
    }
    request.onProgress?.(event);
  }
  await new Promise<void>((resolve, reject) => {
    log.on('error', reject);
    log.end(resolve);
  });
  return {
    tail,
    ...(failed
      ? { failed: { name: failed.name, error: failed.error, lines: linesOf.get(failed.step) ?? [] } }
      : {}),
  };
}

function remember(lines: string[], line: string): void {
  lines.push(line);
  if (lines.length > FAILURE_LINES) lines.shift();
}

function buildFailure(
  request: BuildRequest,
  args: readonly string[],
  exitCode: number | undefined,
  { failed, tail }: ProgressReport,
): SandboxImageError {
  const env = Object.entries(request.cli.env).map(([name, value]) => `${name}=${value} `);
  const command = `${request.contextCommand} | ${env.join('')}${[request.cli.file, ...args, '-'].map(quote).join(' ')}`;
  const lines = failed ? failed.lines : tail;
  const what = failed ? `The build failed at ${failed.name}: ${failed.error}` : 'The build failed.';
  const said = lines.length > 0 ? `\n\n${lines.map((line) => `  ${line}`).join('\n')}\n` : '';
  return new SandboxImageError(
    'BUILD_FAILED',
    `${what}${said}\nThe whole log: ${request.logFile}\nTo see it again: ${command}`,
    {
      details: {
        step: failed?.name,
        error: failed?.error,
        lines: [...lines],
        exitCode,
        logFile: request.logFile,
        command,
      },
    },
  );
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
