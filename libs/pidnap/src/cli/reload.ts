import type { CommandContext } from './program.js';
import { printJson, printLine } from './stdio.js';

/** `pidnap reload` */
export async function reload({ client, json }: CommandContext): Promise<void> {
  const result = await client().reload();
  if (json) return printJson(result);
  for (const [what, names] of Object.entries(result)) {
    if (names.length > 0) printLine(`${what.padEnd(9)}  ${names.join(', ')}`);
  }
}
