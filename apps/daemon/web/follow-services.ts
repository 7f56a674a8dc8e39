import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { ServicesAnswer, Transition } from '../src/api.js';
import { DaemonAnswerError, type DaemonClient } from './daemon-client.js';

/** Whether the page hears from the daemon. */
export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  | { readonly state: 'lost'; readonly reason: string };

export interface ServiceFollower {
  connection(connection: Connection): void;
  services(answer: ServicesAnswer): void;
  /** The newest last. */
  transitions(transitions: readonly Transition[]): void;
  envChanged(): void;
  /** The history cannot be read; the live state still can. */
  historyFailed(message: string): void;
}

/** How many steps of the past the page begins with. */
export const pastTransitions = 50;
const firstRetryMs = 300;
const maxRetryMs = 4_000;
/** The daemon gives a sign of life every 15 s. */
const silenceMs = 40_000;

/**
 * Follows the daemon's event stream and comes back with the cursor of the last step seen whenever it breaks.
 *
 * @throws DaemonAnswerError when the daemon refuses the token, since trying again cannot help then
 */
export async function followServices(
  client: DaemonClient,
  follower: ServiceFollower,
  signal: AbortSignal,
): Promise<void> {
  let cursor: number | null = null;
  let retryMs = firstRetryMs;
  follower.connection({ state: 'connecting' });
  while (!signal.aborted) {
    let reason = 'The daemon ended the connection.';
    try {
      cursor ??= await readPast(client, follower);
      for await (const message of messages(client, cursor, signal)) {
        if (message.event === 'services') {
          retryMs = firstRetryMs;
          follower.connection({ state: 'live' });
          follower.services(JSON.parse(message.data) as ServicesAnswer);
        } else if (message.event === 'transition') {
          const transition = JSON.parse(message.data) as Transition;
          cursor = transition.id ?? cursor;
          follower.transitions([transition]);
        } else if (message.event === 'env') {
          follower.envChanged();
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      if (isRefusal(error)) throw error;
      reason = error instanceof Error ? error.message : String(error);
    }
    if (signal.aborted) return;
    follower.connection({ state: 'lost', reason });
    await new Promise((resolve) => setTimeout(resolve, retryMs));
    retryMs = Math.min(retryMs * 2, maxRetryMs);
  }
}

/** Whether an error says that this token will not do. */
function isRefusal(error: unknown): error is DaemonAnswerError {
  return (
    error instanceof DaemonAnswerError &&
    (error.code === 'unauthorized' || error.code === 'token-not-configured')
  );
}

async function readPast(client: DaemonClient, follower: ServiceFollower): Promise<number> {
  try {
    const past = await client.transitions(pastTransitions);
    follower.transitions([...past].reverse());
    return past[0]?.id ?? 0;
  } catch (error) {
    if (!(error instanceof DaemonAnswerError && error.code.startsWith('database-'))) throw error;
    follower.historyFailed(error.message);
    return 0;
  }
}

async function* messages(
  client: DaemonClient,
  cursor: number,
  signal: AbortSignal,
): AsyncGenerator<{ event?: string | undefined; data: string }> {
  const silence = new AbortController();
  const onSilence = (): void => silence.abort(new Error('The daemon has gone silent.'));
  let timer = setTimeout(onSilence, silenceMs);
  try {
    const body = await client.events(cursor, AbortSignal.any([signal, silence.signal]));
    const reader = body
      .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
      .pipeThrough(new EventSourceParserStream())
      .getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(onSilence, silenceMs);
      yield value;
    }
  } catch (error) {
    throw silence.signal.aborted ? silence.signal.reason : error;
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}
