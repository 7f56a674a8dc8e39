import type { Context } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import type { Transition } from '../api.js';
import { messageOf } from '../daemon-error.js';
import type { ServiceHistory } from '../database/service-history.js';
import type { Logger } from '../logger.js';
import type { ServiceMonitor } from '../services/service-monitor.js';

export interface ServiceEventStreamsOptions {
  readonly monitor: Pick<ServiceMonitor, 'snapshot' | 'subscribe'>;
  readonly history: ServiceHistory;
  readonly logger: Logger;
  /** A sign of life this often, so that both ends notice a dead connection. @default 15_000 */
  readonly heartbeatMs?: number;
  /**
   * Steps a reader may lag behind; then its stream ends and it comes back with its cursor. States are not queued:
   * only the newest one is sent. @default 1_000
   */
  readonly maxQueued?: number;
}

/**
 * Server-sent events of the services. Each stream begins with `services` (the whole state), then, with a cursor, the
 * steps after it; from then on both as they happen, and `env` when the env file changed. A `transition` carries its id as cursor for the next connection;
 * a `gap` says that steps between the cursor and the next one are not sent, as they are too many or forgotten.
 */
export class ServiceEventStreams {
  readonly #options: Required<ServiceEventStreamsOptions>;
  readonly #open = new Set<Feed>();

  constructor(options: ServiceEventStreamsOptions) {
    this.#options = { heartbeatMs: 15_000, maxQueued: 1_000, ...options };
  }

  open(context: Context, cursor: number | undefined): Response {
    const { monitor, maxQueued, heartbeatMs } = this.#options;
    // Proxies on the way must not collect the stream.
    context.header('X-Accel-Buffering', 'no');
    const response = streamSSE(context, async (stream) => {
      const feed = new Feed(maxQueued);
      const unsubscribe = monitor.subscribe({
        services: () => feed.servicesChanged(),
        transition: (transition) => feed.push(transition),
        envChanged: () => feed.envChanged(),
      });
      const heartbeat = setInterval(() => feed.beat(), heartbeatMs);
      stream.onAbort(() => feed.end());
      this.#open.add(feed);
      try {
        const sent = cursor === undefined ? 0 : await this.#replay(stream, cursor);
        await this.#follow(stream, feed, sent);
      } finally {
        clearInterval(heartbeat);
        unsubscribe();
        this.#open.delete(feed);
      }
    });
    // Not kept for another request, so that the end of the stream is the end of the connection.
    response.headers.set('Connection', 'close');
    return response;
  }

  /** Ends all streams at once. */
  close(): void {
    for (const feed of this.#open) feed.end();
  }

  /** Sends what was recorded after the cursor. @returns the newest id that needs no sending any more */
  async #replay(stream: SSEStreamingApi, cursor: number): Promise<number> {
    const { history, logger, maxQueued } = this.#options;
    try {
      const newest = await history.list({ limit: maxQueued });
      const missed = newest.filter(({ id }) => id !== null && id > cursor).reverse();
      const [first] = missed;
      if (first?.id !== undefined && first.id !== null && first.id > cursor + 1) {
        await stream.writeSSE({ event: 'gap', data: JSON.stringify({ after: cursor, before: first.id }) });
      }
      for (const transition of missed) await writeTransition(stream, transition);
      // A cursor beyond the newest step is from another database; steps from here on are new to this reader.
      return newest[0]?.id ?? 0;
    } catch (error) {
      logger.error('steps of services could not be replayed', { reason: messageOf(error) });
      return 0;
    }
  }

  async #follow(stream: SSEStreamingApi, feed: Feed, sent: number): Promise<void> {
    feed.servicesChanged();
    for await (const { services, transitions, env, beat } of feed) {
      if (services) {
        await stream.writeSSE({ event: 'services', data: JSON.stringify(this.#options.monitor.snapshot()) });
      }
      for (const transition of transitions) {
        if (transition.id === null || transition.id > sent) await writeTransition(stream, transition);
      }
      if (env) await stream.writeSSE({ event: 'env', data: '{}' });
      if (beat) await stream.writeSSE({ event: 'ping', data: '{}' });
      if (stream.aborted) return;
    }
  }
}

async function writeTransition(stream: SSEStreamingApi, transition: Transition): Promise<void> {
  const id = transition.id === null ? {} : { id: String(transition.id) };
  await stream.writeSSE({ ...id, event: 'transition', data: JSON.stringify(transition) });
}

interface Batch {
  readonly services: boolean;
  readonly transitions: readonly Transition[];
  readonly env: boolean;
  readonly beat: boolean;
}

/** What one reader has not been sent yet. */
class Feed {
  readonly #maxQueued: number;
  #services = false;
  #env = false;
  #beat = false;
  #transitions: Transition[] = [];
  #ended = false;
  #wake: () => void = () => {};

  constructor(maxQueued: number) {
    this.#maxQueued = maxQueued;
  }

  servicesChanged(): void {
    this.#services = true;
    this.#wake();
  }

  push(transition: Transition): void {
    this.#transitions.push(transition);
    if (this.#transitions.length > this.#maxQueued) this.#ended = true;
    this.#wake();
  }

  envChanged(): void {
    this.#env = true;
    this.#wake();
  }

  beat(): void {
    this.#beat = true;
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch> {
    while (!this.#ended) {
      if (!this.#services && !this.#env && !this.#beat && this.#transitions.length === 0) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      const batch = {
        services: this.#services,
        transitions: this.#transitions,
        env: this.#env,
        beat: this.#beat,
      };
      this.#services = false;
      this.#env = false;
      this.#beat = false;
      this.#transitions = [];
      yield batch;
    }
  }
}
