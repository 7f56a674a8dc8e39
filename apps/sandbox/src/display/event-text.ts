import type { ImageEvent } from '@iterate/sandbox-image';
import type { UpImage } from '../up.js';

/** One line for an event of an image; `undefined` for what only a log should hold. */
export function imageEventText(event: ImageEvent): string | undefined {
  switch (event.type) {
    case 'resolved':
      return `commit ${event.commit.slice(0, 12)}${event.dirty ? ' with uncommitted changes' : ''}`;
    case 'found':
      return 'found on the engine';
    case 'building':
      return `building, log in ${event.logFile}`;
    case 'built':
      return `built in ${event.seconds.toFixed(0)} s`;
    case 'step':
      if (event.state === 'running') return event.name;
      if (event.state === 'failed') return `${event.name}: ${event.error ?? 'failed'}`;
      return undefined;
    case 'pushed':
      return `pushed ${event.reference}`;
    default:
      return undefined;
  }
}

/** What to call an image: the name of its snapshot, or the start of its key. */
export function imageTitle({ key, result }: UpImage): string {
  return 'snapshot' in result ? result.snapshot : key.slice(0, 12);
}

/** Seconds with one decimal. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
