import { setTimeout as sleep } from 'node:timers/promises';
import type { LogLine } from '@iterate/sandbox-provider';
import { followLog } from './follow-log.js';
import type { Inside } from './inside.js';
import { killMarked } from './kill-marked.js';
import type { LabelledLine } from './labelled-lines.js';
import { withRetry } from './retry.js';
import type { SandboxMemory } from './sandbox-labels.js';
import { SessionCommand } from './session-command.js';
import { parseSpawnLine, spawnScript } from './spawn-script.js';

const SESSION = 'iterate-main';
const MARK = 'main';
const POLL_MS = 100;

/**
 * The main process of a sandbox that was created with a command. The service has no such thing at creation:
 * its sandboxes run the snapshot's entrypoint and stay up when it ends. So the command runs in a session of
 * a known name.
 */
export async function startMainProcess(inside: Inside, memory: SandboxMemory): Promise<void> {
  if (memory.command === undefined) return;
  const running = await SessionCommand.find(inside, SESSION);
  if (running !== undefined && running.exitCode === undefined) return;
  await running?.command.remove();
  await SessionCommand.start(
    inside,
    spawnScript({ argv: memory.command, cwd: memory.cwd, mark: MARK }),
    SESSION,
  );
}

/** Whether the main process runs, and its exit code when it has ended. */
export async function mainProcessState(
  inside: Inside,
): Promise<{ running: boolean; exitCode: number | undefined }> {
  const found = await SessionCommand.find(inside, SESSION);
  return { running: found !== undefined && found.exitCode === undefined, exitCode: found?.exitCode };
}

/** Asks the main process to end and waits; one that does not end in time is left to the sandbox's stop. */
export async function endMainProcess(
  inside: Inside,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal | undefined },
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  if (!(await mainProcessState(inside)).running) return;
  await killMarked(inside, MARK, 'SIGTERM');
  while (Date.now() < deadline && (await mainProcessState(inside)).running)
    await sleep(
      Math.min(POLL_MS, Math.max(0, deadline - Date.now())),
      undefined,
      signal === undefined ? {} : { signal },
    );
}

/** Lines of the main process, or of the snapshot's entrypoint when no command was given. */
export async function* mainProcessLog(
  inside: Inside,
  memory: SandboxMemory,
  options: { follow: boolean; signal: AbortSignal },
): AsyncGenerator<LogLine> {
  yield* memory.command === undefined ? entrypointLog(inside, options) : commandLog(inside, options);
}

async function* entrypointLog(
  inside: Inside,
  { follow, signal }: { follow: boolean; signal: AbortSignal },
): AsyncGenerator<LogLine> {
  if (follow) {
    yield* followLog({
      url: await inside.socketUrl('process/session/entrypoint/logs?follow=true'),
      headers: inside.sdk.headers,
      signal,
      stillThere: () => inside.requireStarted('follow the log'),
    });
    return;
  }
  const { stdout = '', stderr = '' } = await inside.call('read the log', ({ process }) =>
    withRetry(() => process.getEntrypointLogs()),
  );
  for (const text of textLines(stdout)) yield { stream: 'stdout', text };
  for (const text of textLines(stderr)) yield { stream: 'stderr', text };
}

async function* commandLog(
  inside: Inside,
  { follow, signal }: { follow: boolean; signal: AbortSignal },
): AsyncGenerator<LogLine> {
  const found = await SessionCommand.find(inside, SESSION);
  if (found === undefined) return;
  const ended = new AbortController();
  const rest = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  // A log that is not followed is read up to what is there: the service has no other way to keep the order.
  const lines = follow ? found.command.lines(signal) : snapshotLines(found.command, signal, ended);
  for await (const { stream, text } of lines) {
    const line = parseSpawnLine(text);
    if (line?.kind !== 'data') continue;
    const bytes = Buffer.concat([rest[stream], line.bytes]);
    const end = bytes.lastIndexOf(10) + 1;
    rest[stream] = bytes.subarray(end);
    for (const whole of textLines(bytes.subarray(0, end).toString('utf8'))) yield { stream, text: whole };
  }
  for (const stream of ['stdout', 'stderr'] as const)
    if (rest[stream].length > 0) yield { stream, text: rest[stream].toString('utf8') };
}

async function* snapshotLines(
  command: SessionCommand,
  signal: AbortSignal,
  ended: AbortController,
): AsyncGenerator<LabelledLine> {
  const { output } = await command.log();
  let left = textLines(output).length;
  if (left === 0) return;
  const onAbort = () => ended.abort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for await (const line of command.lines(ended.signal)) {
      yield line;
      left -= 1;
      if (left === 0) return;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function textLines(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
