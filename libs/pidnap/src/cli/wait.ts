import type { CommandContext } from './program.js';
import { printJson, printLine } from './stdio.js';

/** `pidnap wait [names...] --for ready --timeout <seconds>` */
export async function wait(
  { client, json }: CommandContext,
  names: readonly string[],
  options: { timeout: number },
): Promise<void> {
  await client().waitReady(names, { timeoutMs: options.timeout });
  if (json) printJson({ ready: true });
  else printLine('ready');
}
