import { useEffect, useState } from 'preact/hooks';
import type { ServicesAnswer, Transition } from '../src/api.js';
import type { DaemonClient } from './daemon-client.js';
import { type Connection, followServices, pastTransitions } from './follow-services.js';

/** Everything the page knows about the services. */
export interface LiveServices {
  readonly connection: Connection;
  readonly answer: ServicesAnswer | null;
  /** `performance.now()` of `answer`, to let uptimes grow. */
  readonly answeredAt: number;
  /** The newest first. */
  readonly transitions: readonly Transition[];
  readonly historyError: string | null;
  /** Grows whenever the env file changed or a connection was made. */
  readonly envVersion: number;
}

const nothing: LiveServices = {
  connection: { state: 'connecting' },
  answer: null,
  answeredAt: 0,
  transitions: [],
  historyError: null,
  envVersion: 0,
};

/** Follows the services as long as the component lives. @param refused Called when the token will not do */
export function useLiveServices(client: DaemonClient, refused: (message: string) => void): LiveServices {
  const [live, setLive] = useState(nothing);
  useEffect(() => {
    const ending = new AbortController();
    const change = (part: (before: LiveServices) => Partial<LiveServices>): void =>
      setLive((before) => ({ ...before, ...part(before) }));
    followServices(
      client,
      {
        connection: (connection) =>
          change((before) => ({
            connection,
            envVersion:
              connection.state === 'live' && before.connection.state !== 'live'
                ? before.envVersion + 1
                : before.envVersion,
          })),
        services: (answer) => change(() => ({ answer, answeredAt: performance.now() })),
        transitions: (added) =>
          change((before) => ({
            transitions: [...[...added].reverse(), ...before.transitions].slice(0, pastTransitions * 2),
          })),
        envChanged: () => change((before) => ({ envVersion: before.envVersion + 1 })),
        historyFailed: (historyError) => change(() => ({ historyError })),
      },
      ending.signal,
    ).catch((error: unknown) => refused(error instanceof Error ? error.message : String(error)));
    return () => ending.abort();
  }, [client, refused]);
  return live;
}
