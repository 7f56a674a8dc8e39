import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import * as z from 'zod';
import { ApiError } from './api-error.js';
import type { FaultPlan } from './faults.js';
import type { LogSpool } from './log-spool.js';
import type { Sandboxes } from './sandboxes.js';

const TOOLBOX_PATH = /^\/toolbox\/([^/]+)\/process\/(.+)$/;
const COMMAND_LOGS = /^session\/([^/]+)\/command\/([^/]+)\/logs$/;
const ENTRYPOINT_LOGS = 'session/entrypoint/logs';
const CREATE_TERMINAL = 'pty/create-connect';
const ENVS_PROTOCOL = 'X-Daytona-Pty-Envs~';
const EXIT_PROTOCOL = 'X-Daytona-Pty-Exit-Control';
const textMap = z.record(z.string(), z.string());

/** The sockets of the toolbox API: logs that are followed, and terminals. */
export class ToolboxSockets {
  readonly #sandboxes: Sandboxes;
  readonly #faults: FaultPlan;
  readonly #authorized: (request: IncomingMessage) => boolean;
  readonly #server = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => (offered.has(EXIT_PROTOCOL) ? EXIT_PROTOCOL : false),
  });

  constructor(sandboxes: Sandboxes, faults: FaultPlan, authorized: (request: IncomingMessage) => boolean) {
    this.#sandboxes = sandboxes;
    this.#faults = faults;
    this.#authorized = authorized;
  }

  /** Answers an upgrade, with a plain HTTP refusal where there is no socket. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refuse = (status: number, message: string) => {
      socket.end(`HTTP/1.1 ${status} ${message}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    };
    try {
      if (!this.#authorized(request)) throw new ApiError(401, 'Unauthorized');
      const serve = this.#route(request);
      this.#server.handleUpgrade(request, socket, head, (webSocket) => {
        serve(webSocket).catch((error: unknown) => {
          const reason = error instanceof Error ? error.message : String(error);
          webSocket.close(1011, reason.slice(0, 120));
        });
      });
    } catch (error) {
      if (error instanceof ApiError) refuse(error.status, 'Refused');
      else refuse(500, 'Internal Server Error');
    }
  }

  close(): void {
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
  }

  /** @throws ApiError 404 for a path without a socket */
  #route(request: IncomingMessage): (socket: WebSocket) => Promise<void> {
    const url = new URL(request.url ?? '/', 'http://emulator');
    const match = TOOLBOX_PATH.exec(url.pathname);
    const [, sandboxId = '', path = ''] = match ?? [];
    if (match === null) throw new ApiError(404, 'There is no socket here');
    const toolbox = this.#sandboxes.toolbox(sandboxId);
    const logs = COMMAND_LOGS.exec(path);
    if (path === ENTRYPOINT_LOGS) {
      const [command] = toolbox.entrypoint.commands.values();
      if (command === undefined) throw new ApiError(404, 'The sandbox has no entrypoint');
      return (socket) => this.#sendLog(socket, command.log);
    }
    if (logs !== null) {
      const { log } = toolbox.session(logs[1] ?? '').command(logs[2] ?? '');
      return (socket) => this.#sendLog(socket, log);
    }
    if (path !== CREATE_TERMINAL) throw new ApiError(404, 'There is no socket here');
    const { searchParams } = url;
    const options = {
      id: searchParams.get('id') ?? '',
      cols: Number(searchParams.get('cols') ?? 80),
      rows: Number(searchParams.get('rows') ?? 24),
      cwd: searchParams.get('cwd') ?? undefined,
      env: offeredEnvs(request),
    };
    return async (socket) => {
      const terminal = await toolbox.openTerminal(options);
      try {
        await terminal.serve(socket);
      } finally {
        toolbox.terminals.delete(options.id);
      }
    };
  }

  async #sendLog(socket: WebSocket, log: LogSpool): Promise<void> {
    const closed = new AbortController();
    socket.once('close', () => closed.abort());
    let frames = 0;
    for await (const chunk of log.read({ follow: true, signal: closed.signal })) {
      await new Promise<void>((resolve) => socket.send(chunk, { binary: true }, () => resolve()));
      frames += 1;
      if (frames === this.#faults.current.cutLogsAfterFrames) return socket.terminate();
    }
    socket.close(1000);
  }
}

function offeredEnvs(request: IncomingMessage): Record<string, string> {
  const offered = (request.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((protocol) => protocol.trim());
  const encoded = offered.find((protocol) => protocol.startsWith(ENVS_PROTOCOL))?.slice(ENVS_PROTOCOL.length);
  if (encoded === undefined) return {};
  return textMap.parse(JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8')));
}
