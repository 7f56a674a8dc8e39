import type { PidnapConfig } from './config/config.js';
import { findConfig, loadConfig } from './config/load-config.js';
import { resolveConfig } from './config/resolve-config.js';
import type { Spec } from './config/spec.js';
import { localApi } from './engine/local-api.js';
import { Supervisor } from './engine/supervisor.js';
import { PidnapError } from './pidnap-error.js';
import type { PidnapApi } from './protocol/api.js';
import type { LogLine } from './protocol/info.js';
import { type Listener, listen } from './rpc/listen.js';

export interface StartOptions {
  /** A configuration file, or a directory that has one. @default the current directory, unless `config` is given */
  readonly configFile?: string;
  /** The configuration itself; it cannot be reloaded. */
  readonly config?: PidnapConfig;
  /** Where relative paths of `config` start. @default the current directory */
  readonly baseDir?: string;
  /** What children may inherit. @default process.env */
  readonly processEnv?: Readonly<NodeJS.ProcessEnv>;
  /** Hears the manager's own log from its first line on. */
  readonly onLog?: (line: LogLine) => void;
  /** Hears every line that services print. Costs ten times what writing it to the log does. */
  readonly onOutput?: (line: LogLine) => void;
}

/** A manager in this process. Leaving its scope, or `stop`, ends everything it started. */
export interface Manager extends PidnapApi, AsyncDisposable {
  /** Where the API listens; `null` with `http: false`. */
  readonly address: string | null;
  /** Resolves with the exit code when all has ended: 0 after `stop`, a critical process's code when it is lost. */
  readonly ended: Promise<number>;
  /** Ends everything in order. */
  stop(): Promise<void>;
  /** Ends everything at once, without asking. */
  kill(): void;
}

/**
 * Starts a manager in this process. Signals are left to the caller; `pidnap init` is this plus signals.
 *
 * @throws PidnapError `config-not-found`, `config-invalid`, or `unavailable` when its address is taken
 *
 * @example
 * await using manager = await startManager({ config: { logDir: 'logs', processes: { web: { command: 'node web.js' } } } });
 * await manager.waitReady();
 */
export async function startManager(options: StartOptions = {}): Promise<Manager> {
  if (process.platform !== 'linux') {
    throw new PidnapError('unavailable', `The manager needs Linux (/proc); this is ${process.platform}.`);
  }
  const processEnv = options.processEnv ?? process.env;
  const read = specReader(options, processEnv);
  const spec = await read();
  const supervisor = new Supervisor(spec, { processEnv });
  if (options.onLog) supervisor.log.lines.subscribe(options.onLog);
  if (options.onOutput) supervisor.output.subscribe(options.onOutput);
  const api = localApi(supervisor, options.config === undefined ? read : undefined);
  // A request is answered when there is something to ask about.
  const prepared = supervisor.prepare();
  const opening = open(spec, api, prepared);
  const [listener] = await Promise.all([opening, prepared]).catch(async (error: unknown) => {
    await supervisor.stop(1);
    await opening.then(
      (listener) => listener?.close(),
      () => {},
    );
    throw error;
  });
  const ended = supervisor.ended.then(async (code) => {
    await listener?.close();
    return code;
  });
  if (listener) supervisor.write('info', `API on ${listener.address}`);
  await supervisor.start();
  const stop = async (): Promise<void> => {
    await supervisor.stop();
    await ended;
  };
  return {
    ...api,
    address: listener?.address ?? null,
    ended,
    stop,
    kill: () => supervisor.kill(),
    [Symbol.asyncDispose]: stop,
  };
}

function specReader(options: StartOptions, processEnv: Readonly<NodeJS.ProcessEnv>): () => Promise<Spec> {
  const { config } = options;
  if (config !== undefined) {
    const baseDir = options.baseDir ?? process.cwd();
    return async () => resolveConfig(config, { configFile: null, baseDir, processEnv });
  }
  // The file found now is the file of every reload.
  const path = findConfig(options.configFile ?? '.');
  return () => loadConfig({ path, processEnv });
}

async function open(spec: Spec, api: PidnapApi, prepared: Promise<void>): Promise<Listener | undefined> {
  const { http } = spec;
  if (http === null) return undefined;
  return listen(http, async () => {
    await prepared;
    const [{ createApp }, { getRequestListener }] = await Promise.all([
      import('./rpc/app.js'),
      import('@hono/node-server'),
    ]);
    return getRequestListener(createApp(api, http).fetch);
  });
}
