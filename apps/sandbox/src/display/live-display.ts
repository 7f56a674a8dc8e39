import { Listr, ListrLogger, type ListrTask, ProcessOutput } from 'listr2';
import { SERVICES } from '../services-ready.js';
import { imageEventText, imageTitle, seconds } from './event-text.js';
import type { UpDisplay } from './up-display.js';

/** One line of the display, which ends when told to. */
class Stage {
  readonly #promise: Promise<void>;
  #resolve: () => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #wrapper: { title: string; output: string } | undefined;
  #title: string;

  constructor(title: string) {
    this.#title = title;
    this.#promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Stages that never begin have nobody to tell.
    this.#promise.catch(() => undefined);
  }

  task(): ListrTask {
    return {
      title: this.#title,
      task: (_, wrapper) => {
        this.#wrapper = wrapper;
        wrapper.title = this.#title;
        return this.#promise;
      },
    };
  }

  say(output: string): void {
    if (this.#wrapper !== undefined) this.#wrapper.output = output;
  }

  done(title: string): void {
    this.#title = title;
    if (this.#wrapper !== undefined) this.#wrapper.title = title;
    this.#resolve();
  }

  fail(error: unknown): void {
    this.#reject(error);
  }
}

/** A live display on a terminal: image, container, and a line for each service. */
export function liveDisplay(stderr: NodeJS.WriteStream): UpDisplay {
  const image = new Stage('Image');
  const container = new Stage('Container');
  const services = new Map<string, Stage>(SERVICES.map((name) => [name, new Stage(name)]));
  const notes: string[] = [];
  const logger = new ListrLogger({ processOutput: new ProcessOutput(stderr, stderr) });
  const list = new Listr(
    [
      image.task(),
      container.task(),
      {
        title: 'Services',
        task: (_, wrapper) =>
          wrapper.newListr(
            [...services.values()].map((stage) => stage.task()),
            { concurrent: true, exitOnError: false },
          ),
      },
    ],
    {
      concurrent: false,
      // Its own handler ends the process at once, before anything is cleaned up.
      registerSignalListeners: false,
      renderer: 'default',
      rendererOptions: { logger, collapseSubtasks: false, showErrorMessage: false },
    },
  );
  // The error itself is told by the caller, once.
  const finished = list.run().catch(() => undefined);

  return {
    event(event) {
      switch (event.type) {
        case 'image': {
          const text = imageEventText(event.event);
          if (text !== undefined) image.say(text);
          break;
        }
        case 'image-ready':
          image.done(`Image ${imageTitle(event.image)}${event.image.built ? ' (built)' : ''}`);
          break;
        case 'port-moved':
          notes.push(`Port ${event.wanted} is taken: using ${event.host} for ${event.inside}.`);
          break;
        case 'creating':
          container.say('creating');
          break;
        case 'service': {
          const stage = services.get(event.change.name);
          if (event.change.state === 'ready')
            stage?.done(`${event.change.name} (${seconds(event.change.afterMs)})`);
          else stage?.say(event.change.state);
          break;
        }
        case 'log':
          for (const stage of services.values()) stage.say(event.text);
          break;
        case 'note':
          notes.push(event.text);
          break;
        case 'replaced':
          notes.push(`Replaced the sandbox ${event.id.slice(0, 12)}.`);
          break;
        default:
          // Reusing or starting one needs no image.
          image.done('Image');
          container.done(`Container ${event.name} ${event.type}`);
      }
    },
    async end(error) {
      for (const stage of [image, container, ...services.values()]) {
        if (error === undefined) stage.done('');
        else stage.fail(error);
      }
      await finished;
      for (const note of notes) stderr.write(`${note}\n`);
    },
  };
}
