import { connect } from 'node:net';
import type { ProbeSpec } from '../config/spec.js';
import { nodeHttp, nodeHttps } from '../node-http.js';
import { Run } from '../process/run.js';

/** The result of one check. */
export interface CheckResult {
  readonly ok: boolean;
  readonly message: string;
}

/** What an exec probe runs with. */
export interface CheckContext {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: { readonly uid: number; readonly gid: number } | null;
}

/** A check that is under way; `cancel` ends it without a result. */
export interface Check {
  cancel(): void;
}

type ActiveCheck = Exclude<ProbeSpec['check'], { type: 'log' }>;

/** Runs one check; `done` is called once, unless the check is cancelled. */
export function startCheck(
  check: ActiveCheck,
  timeoutMs: number,
  context: CheckContext,
  done: (result: CheckResult) => void,
): Check {
  let over = false;
  const finish = (result: CheckResult): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    stop();
    done(result);
  };
  const stop = start(check, context, finish);
  const timer = setTimeout(
    () => finish({ ok: false, message: `no answer within ${timeoutMs} ms` }),
    timeoutMs,
  );
  return {
    cancel: () => {
      over = true;
      clearTimeout(timer);
      stop();
    },
  };
}

/** @returns what ends the check */
function start(check: ActiveCheck, context: CheckContext, finish: (result: CheckResult) => void): () => void {
  switch (check.type) {
    case 'http': {
      const request = (check.url.startsWith('https:') ? nodeHttps() : nodeHttp()).get(
        check.url,
        // A pooled connection would say that an earlier check was fine. The certificate of a service on
        // this machine proves nothing that matters here.
        {
          agent: false,
          rejectUnauthorized: false,
          headers: { 'user-agent': 'pidnap-probe', connection: 'close' },
        },
        (response) => {
          const status = response.statusCode ?? 0;
          finish({ ok: status >= 200 && status < 400, message: `HTTP ${status}` });
        },
      );
      request.on('error', (error) => finish({ ok: false, message: error.message }));
      return () => request.destroy();
    }
    case 'tcp': {
      const socket = connect({ host: check.host, port: check.port });
      socket.on('connect', () => finish({ ok: true, message: 'connected' }));
      socket.on('error', (error) => finish({ ok: false, message: error.message }));
      return () => socket.destroy();
    }
    case 'exec': {
      const run = new Run({
        ...context,
        argv: check.argv,
        stdio: ['ignore', 'ignore'],
        onWarning: (message) => finish({ ok: false, message }),
        onEnd: ({ code, signal, error }) =>
          finish({
            ok: code === 0,
            message: error ?? (signal ? `killed by ${signal}` : `exit code ${code}`),
          }),
      });
      return () => run.kill();
    }
  }
}
