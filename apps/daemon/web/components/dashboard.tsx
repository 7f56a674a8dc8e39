import type { DaemonClient } from '../daemon-client.js';
import { useLiveServices } from '../use-live-services.js';
import { ConnectionState } from './connection-state.js';
import { EnvPanel } from './env-panel.js';
import { EventPanel } from './event-panel.js';
import { Logo } from './logo.js';
import { ServicePanel } from './service-panel.js';

/** The services live, what happened to them, and the keys of the env file. */
export function Dashboard({ client, refused }: { client: DaemonClient; refused: (message: string) => void }) {
  const live = useLiveServices(client, refused);
  return (
    <>
      <header class="top">
        <h1>
          <Logo /> Sandbox
        </h1>
        <ConnectionState connection={live.connection} pidnap={live.answer?.pidnap ?? null} />
      </header>
      <main class="dashboard">
        <ServicePanel client={client} live={live} />
        <div class="columns">
          <EventPanel transitions={live.transitions} error={live.historyError} />
          <EnvPanel client={client} version={live.envVersion} />
        </div>
      </main>
    </>
  );
}
