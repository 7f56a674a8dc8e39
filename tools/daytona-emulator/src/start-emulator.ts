import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { carriesKey, emulatorApp } from './emulator-app.js';
import { Engine } from './engine.js';
import { FaultPlan } from './faults.js';
import { ObjectStore } from './object-store.js';
import { type EmulatorOptions, optionsSchema } from './options.js';
import { Previews } from './previews.js';
import { Registry } from './registry.js';
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
  const registry = new Registry();

  let url = '';
  const origin = () => url;
  const host = () => new URL(url).host;
  const snapshots = await Snapshots.open({
    engine,
    objects,
    faults,
    options,
    organizationId,
    loginFor: (image) => registry.loginFor(image, host()),
  });
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
    pushAccess: () => registry.pushAccess(host()),
  });
  const sockets = new ToolboxSockets(sandboxes, faults, (request) =>
    carriesKey(request.headers.authorization, apiKey),
  );
  const answer = getRequestListener(app.fetch);
  const server = createServer((request, response) => {
    // Layers are gigabytes: they pass through as they come.
    if (request.url?.startsWith('/v2/')) void registry.serve(request, response);
    else void answer(request, response);
  });
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
      await registry.close();
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
