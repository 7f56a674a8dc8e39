import { describeEvent } from '../engine/describe-event.js';
import type { CommandContext } from './program.js';
import { printLine } from './stdio.js';

/** `pidnap events` */
export async function events(
  { client, json }: CommandContext,
  options: { cursor?: number; follow: boolean },
): Promise<void> {
  for await (const event of client().events(options)) {
    printLine(json ? JSON.stringify(event) : `${event.id} ${event.at} ${describeEvent(event).message}`);
  }
}
