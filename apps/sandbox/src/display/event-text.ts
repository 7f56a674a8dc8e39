import type { ImageEvent } from '@iterate/sandbox-image';

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
    default:
      return undefined;
  }
}

/** Seconds with one decimal. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
