import { imageEventText, imageTitle, seconds } from './event-text.js';
import type { UpDisplay } from './up-display.js';

/** One line per event: for CI, pipes and `--json`. */
export function plainDisplay(write: (text: string) => void): UpDisplay {
  const line = (stage: string, text: string) => write(`${stage.padEnd(14)} ${text}\n`);
  return {
    event(event) {
      switch (event.type) {
        case 'image': {
          const text = imageEventText(event.event);
          if (text !== undefined) line('image', text);
          break;
        }
        case 'image-ready':
          line('image', `ready: ${imageTitle(event.image)}`);
          break;
        case 'port-moved':
          line('port', `${event.wanted} is taken, using ${event.host} for ${event.inside}`);
          break;
        case 'creating':
          line('container', 'creating');
          break;
        case 'service':
          line(event.change.name, `${event.change.state} after ${seconds(event.change.afterMs)}`);
          break;
        case 'log':
          line('entry', event.text);
          break;
        case 'note':
          line('note', event.text);
          break;
        default:
          line('container', `${event.type} ${event.name} (${event.id.slice(0, 12)})`);
      }
    },
    async end() {},
  };
}
