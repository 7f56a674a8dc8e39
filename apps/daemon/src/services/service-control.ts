import { isPidnapError, type PidnapApi, type PidnapErrorCode, type ProcessInfo } from 'pidnap/client';
import type { Service } from '../api.js';
import { DaemonError, messageOf } from '../daemon-error.js';
import type { Logger } from '../logger.js';
import { isSelf, toService } from './service-view.js';

export const serviceActions = ['start', 'stop', 'restart'] as const;
export type ServiceAction = (typeof serviceActions)[number];

/** Starts, stops and restarts services through pidnap. */
export class ServiceControl {
  readonly #pidnap: PidnapApi;
  readonly #logger: Logger;

  constructor(pidnap: PidnapApi, logger: Logger) {
    this.#pidnap = pidnap;
    this.#logger = logger;
  }

  /**
   * @returns the service after the action; `null` when it is this daemon that is to end: it then ends while the
   *   caller still reads the answer, so nobody can wait for the result
   * @throws DaemonError `not-found`, `pidnap-refused`, `pidnap-unreachable`
   */
  async act(name: string, action: ServiceAction): Promise<Service | null> {
    const run = (): Promise<ProcessInfo> => this.#pidnap.processes[action](name);
    try {
      const { pid } = await this.#pidnap.processes.get(name);
      this.#logger.info('service action', { service: name, action });
      if (action !== 'start' && isSelf(pid)) {
        run().catch((error: unknown) => {
          this.#logger.error('service action failed', { service: name, action, reason: messageOf(error) });
        });
        return null;
      }
      return toService(await run());
    } catch (error) {
      throw toDaemonError(name, error);
    }
  }
}

const away: ReadonlySet<PidnapErrorCode> = new Set([
  'unreachable',
  'unavailable',
  'unauthorized',
  'forbidden',
]);

function toDaemonError(service: string, error: unknown): unknown {
  if (!isPidnapError(error)) return error;
  if (error.code === 'not-found') {
    return new DaemonError('not-found', `There is no service "${service}".`, { service }, { cause: error });
  }
  if (away.has(error.code)) {
    return new DaemonError('pidnap-unreachable', error.message, { reason: error.code }, { cause: error });
  }
  return new DaemonError('pidnap-refused', error.message, { code: error.code }, { cause: error });
}
