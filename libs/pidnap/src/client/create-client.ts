import { PidnapError } from '../pidnap-error.js';
import type { DetailOptions, EventQuery, LogQuery, PidnapApi } from '../protocol/api.js';
import type { PidnapEvent } from '../protocol/events.js';
import type {
  LogLine,
  ManagerStatus,
  ProcessDetail,
  ProcessInfo,
  ReloadResult,
  TaskDetail,
  TaskInfo,
} from '../protocol/info.js';
import { waitReady } from '../protocol/wait-ready.js';
import { followEvents } from './follow-events.js';
import { Http } from './http.js';
import { parseSse } from './sse.js';
import { fetchTransport, nodeTransport, type Transport } from './transport.js';

/** Where the manager is and how to reach it. */
export interface ClientOptions {
  /** @default 'http://127.0.0.1:9876' */
  readonly url?: string;
  /** Bearer token; needed where the manager has one. */
  readonly token?: string;
  /** Unix socket of the manager; `url` is then not used. */
  readonly socketPath?: string;
  /** Sent with each request, such as the credentials of a proxy in between. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Carries the requests instead of Node's HTTP client. */
  readonly fetch?: typeof fetch;
}

/**
 * A client of a running manager. It holds no connection between calls and needs no closing.
 *
 * @example
 * const pidnap = createClient();
 * await pidnap.waitReady(['web'], { timeoutMs: 10_000 });
 * for await (const event of pidnap.events()) console.log(event.type);
 */
export function createClient(options: ClientOptions = {}): PidnapApi {
  const { transport, where } = open(options);
  const http = new Http(
    transport,
    {
      ...options.headers,
      ...(options.token !== undefined && { authorization: `Bearer ${options.token}` }),
    },
    where,
  );

  async function* logs(path: string, query: LogQuery): AsyncGenerator<LogLine> {
    const params = new URLSearchParams();
    if (query.tail !== undefined) params.set('tail', String(query.tail));
    if (query.since !== undefined) params.set('since', query.since);
    if (query.follow) params.set('follow', 'true');
    const separator = path.includes('?') ? '&' : '?';
    const body = await http.stream(`${path}${separator}${params}`, query.signal);
    for await (const { event, data } of parseSse(body)) {
      if (event === 'line') yield JSON.parse(data) as LogLine;
    }
  }

  const detail = (options?: DetailOptions): string => (options?.showSecrets ? '?showSecrets=true' : '');
  const process = (name: string): string => `/v1/processes/${encodeURIComponent(name)}`;
  const task = (name: string): string => `/v1/tasks/${encodeURIComponent(name)}`;

  const api: PidnapApi = {
    status: () => http.json<ManagerStatus>('GET', '/v1/status'),
    processes: {
      list: () => http.json<ProcessInfo[]>('GET', '/v1/processes'),
      get: (name, options) => http.json<ProcessDetail>('GET', process(name) + detail(options)),
      start: (name) => http.json<ProcessInfo>('POST', `${process(name)}/start`),
      stop: (name) => http.json<ProcessInfo>('POST', `${process(name)}/stop`),
      restart: (name) => http.json<ProcessInfo>('POST', `${process(name)}/restart`),
      logs: (name, query = {}) => logs(`${process(name)}/logs`, query),
    },
    tasks: {
      list: () => http.json<TaskInfo[]>('GET', '/v1/tasks'),
      get: (name, options) => http.json<TaskDetail>('GET', task(name) + detail(options)),
      run: (name) => http.json<TaskInfo>('POST', `${task(name)}/run`),
      logs: (name, query = {}) => logs(`${task(name)}/logs`, query),
    },
    logs: (names, query = {}) =>
      logs(`/v1/logs?${new URLSearchParams(names.map((name): [string, string] => ['name', name]))}`, query),
    events: (query: EventQuery = {}): AsyncIterable<PidnapEvent> => followEvents(http, query),
    reload: () => http.json<ReloadResult>('POST', '/v1/reload'),
    waitReady: (names, options) => waitReady(api, names, options),
  };
  return api;
}

function open({ socketPath, url, fetch }: ClientOptions): { transport: Transport; where: string } {
  if (socketPath !== undefined) return { transport: nodeTransport({ socketPath }), where: socketPath };
  const base = parseUrl(url ?? 'http://127.0.0.1:9876');
  return {
    transport: fetch ? fetchTransport(base, fetch) : nodeTransport({ url: base }),
    where: base.origin,
  };
}

function parseUrl(text: string): URL {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new PidnapError('bad-request', `"${text}" is not an http:// or https:// address of a manager.`);
  }
  return new URL(text);
}
