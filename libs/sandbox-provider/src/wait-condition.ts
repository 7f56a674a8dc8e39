import { httpStatus } from './http-status.js';
import type { Sandbox } from './sandbox.js';

/** After this an answer is given up and asked for again: a connection made too early may never be served. */
const HTTP_LOOK_TIMEOUT_MS = 5_000;

/** What to wait for. */
export type WaitCondition =
  /** Something inside listens on this TCP port. */
  | { readonly port: number }
  /** A request from here is answered. @default status below 500 */
  | { readonly http: { readonly port: number; readonly path?: string; readonly status?: number } }
  /** A line of the main process contains the text or matches. */
  | { readonly log: string | RegExp }
  /** The path exists. */
  | { readonly file: string }
  /** A process of this name runs, as `ps -o comm` prints it. */
  | { readonly process: string }
  /** The command ends with exit code 0. */
  | { readonly command: readonly string[] };

/** The condition in words that fit after "waiting for". */
export function describeCondition(condition: WaitCondition): string {
  if ('port' in condition) return `port ${condition.port}`;
  if ('http' in condition) return `http on port ${condition.http.port}${condition.http.path ?? '/'}`;
  if ('log' in condition) return `a log line with ${String(condition.log)}`;
  if ('file' in condition) return `the file ${condition.file}`;
  if ('process' in condition) return `a process named ${condition.process}`;
  return `the command "${condition.command.join(' ')}" to succeed`;
}

/** Looks once. Rejects when it cannot look, which may be for now only. */
export async function checkCondition(
  sandbox: Sandbox,
  condition: WaitCondition,
  signal: AbortSignal,
): Promise<boolean> {
  if ('port' in condition) return (await sandbox.listeningPorts()).includes(condition.port);
  if ('http' in condition) return answers(sandbox, condition.http, signal);
  if ('log' in condition) return logHas(sandbox, condition.log, signal);
  if ('file' in condition) return sandbox.fs.exists(condition.file);
  if ('process' in condition) return runs(sandbox, condition.process, signal);
  return (await sandbox.exec(condition.command, { signal })).exitCode === 0;
}

async function answers(
  sandbox: Sandbox,
  http: { port: number; path?: string; status?: number },
  signal: AbortSignal,
): Promise<boolean> {
  const look = AbortSignal.any([signal, AbortSignal.timeout(HTTP_LOOK_TIMEOUT_MS)]);
  const status = await httpStatus(await sandbox.endpoint(http.port), http.path ?? '/', look);
  return http.status === undefined ? status < 500 : status === http.status;
}

/** Follows the log, so that it is read once; ends with the sandbox or the deadline. */
async function logHas(sandbox: Sandbox, wanted: string | RegExp, signal: AbortSignal): Promise<boolean> {
  for await (const { text } of sandbox.logs({ follow: true, signal })) {
    if (
      typeof wanted === 'string' ? text.includes(wanted) : new RegExp(wanted.source, wanted.flags).test(text)
    )
      return true;
  }
  return false;
}

async function runs(sandbox: Sandbox, name: string, signal: AbortSignal): Promise<boolean> {
  const script = 'cat /proc/[0-9]*/comm 2>/dev/null; true';
  return (await sandbox.exec(script, { signal })).stdout.split('\n').includes(name);
}
