import { randomBytes, randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { carriesKey, emulatorApp } from './emulator-app.js';
import { Engine } from './engine.js';
import { FaultPlan } from './faults.js';
import { ObjectStore } from './object-store.js';
import { type EmulatorOptions, optionsSchema } from './options.js';
import { Previews } from './previews.js';
import { Sandboxes } from './sandboxes.js';
import { Snapshots } from './snapshots.js';
import { ToolboxSockets } from './toolbox-sockets.js';

/** A running emulator. Disposing it removes every container and image it made. */
export interface Emulator extends AsyncDisposable {
  /** For `DAYTONA_API_URL`. */
  readonly apiUrl: string;
  /** For `DAYTONA_API_KEY`. */
  readonly apiKey: string;
  /** Where faults are read and set. */
  readonly faultsUrl: string;
}

/** Starts the Daytona API and toolbox API on the local Docker engine. */
export async function startEmulator(input: EmulatorOptions = {}): Promise<Emulator> {
  const options = optionsSchema.parse(input);
  const apiKey = options.apiKey ?? `dtn_emulator_${randomBytes(24).toString('hex')}`;
  const engine = new Engine();
  await engine.sweep();
  const organizationId = randomUUID();
  const faults = new FaultPlan();
  const objects = await ObjectStore.open();
  const snapshots = await Snapshots.open({ engine, objects, faults, options, organizationId });

  let url = '';
  const origin = () => url;
  const shared = { engine, snapshots, faults, options, organizationId };
  // The toolbox URL is known once the listener has its port.
  const sandboxes = new Sandboxes({
    ...shared,
    get toolboxUrl() {
      return `${url}/toolbox`;
    },
  });
  const previews = new Previews(sandboxes, options.host);
  const app = emulatorApp({
    apiKey,
    organizationId,
    origin,
    faults,
    snapshots,
    sandboxes,
    previews,
    objects,
  });
  const sockets = new ToolboxSockets(sandboxes, faults, (request) =>
    carriesKey(request.headers.authorization, apiKey),
  );
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  server.on('upgrade', (request, socket, head) => sockets.upgrade(request, socket, head));
  url = await listen(server, options.host, options.port);

  return {
    apiUrl: `${url}/api`,
    apiKey,
    faultsUrl: `${url}/emulator/faults`,
    async [Symbol.asyncDispose]() {
      sockets.close();
      server.closeAllConnections();
      server.close();
      await previews.close();
      await sandboxes.close();
      await snapshots.close();
      await objects.close();
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      const listening = typeof address === 'object' && address !== null ? address.port : port;
      resolve(`http://${host.includes(':') ? `[${host}]` : host}:${listening}`);
    });
  });
}
