import type { DaytonaSdk } from './daytona-sdk.js';
import { withRetry } from './retry.js';

const TAIL_LINES = 50;
const FINAL_READ_MS = 5_000;

/** The last lines of a snapshot's build log, or the reason that it cannot be read. */
export async function snapshotLogTail(sdk: DaytonaSdk, snapshotId: string): Promise<string[]> {
  try {
    const url = await logUrl(sdk, snapshotId);
    const response = await fetch(url, { headers: sdk.headers, signal: AbortSignal.timeout(FINAL_READ_MS) });
    if (!response.ok) return [`(the build log cannot be read: status ${response.status})`];
    return (await response.text()).trimEnd().split('\n').slice(-TAIL_LINES);
  } catch (error) {
    return [`(the build log cannot be read: ${error instanceof Error ? error.message : String(error)})`];
  }
}

/**
 * Follows a snapshot's build log line by line until the service ends it or `signal` fires. The log never
 * decides whether the snapshot succeeded: a stream that breaks is opened again, and what was seen skipped.
 */
export async function followSnapshotLog(
  sdk: DaytonaSdk,
  snapshotId: string,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let seen = 0;
  for (let done = false; !done && !signal.aborted; ) {
    let count = 0;
    const take = (line: string) => {
      count += 1;
      if (count > seen) onLine(line);
    };
    done = await readLines(sdk, snapshotId, take, signal);
    seen = Math.max(seen, count);
  }
}

/** @returns whether the log ended in order */
async function readLines(
  sdk: DaytonaSdk,
  snapshotId: string,
  take: (line: string) => void,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const response = await fetch(`${await logUrl(sdk, snapshotId)}?follow=true`, {
      headers: sdk.headers,
      signal,
    });
    if (!response.ok || response.body === null) return false;
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of response.body) {
      const lines = `${rest}${decoder.decode(chunk as Uint8Array, { stream: true })}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) take(line);
    }
    if (rest !== '') take(rest);
    return true;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 500));
    return false;
  }
}

async function logUrl(sdk: DaytonaSdk, snapshotId: string): Promise<string> {
  return withRetry(async () => (await sdk.snapshots.getSnapshotBuildLogsUrl(snapshotId)).data.url);
}
