import type { DevEvent } from '../dev/dev-event.js';
import { seconds } from './event-text.js';

/** More names than these are a number. */
const NAMES = 3;

/** Lines for a person, each with its end. */
export function devText(event: DevEvent): string {
  switch (event.type) {
    case 'watching':
      return `Watching ${event.root}. Ctrl-C stops watching; the sandbox goes on.\n`;
    case 'changed': {
      const { paths } = event;
      const more = paths.length > NAMES ? ` and ${paths.length - NAMES} more` : '';
      return `\n${paths.slice(0, NAMES).join(', ')}${more}\n`;
    }
    case 'step':
      return `  ${event.name.padEnd(24)} ${seconds(event.ms)}\n`;
    case 'note':
      return `  note: ${event.text}\n`;
    case 'ready':
      return `  ${'all ready'.padEnd(24)} ${seconds(event.ms)}\n`;
    case 'failed':
      return `  ${event.step} failed; the next save tries again:\n${event.message.replace(/^/gm, '    ')}\n`;
  }
}
