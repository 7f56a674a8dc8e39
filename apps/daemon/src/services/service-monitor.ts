import { setTimeout as sleep } from 'node:timers/promises';
import type { PidnapApi, PidnapEvent, StateEvent } from 'pidnap/client';
import type { Service, ServicesAnswer, Transition } from '../api.js';
import { messageOf } from '../daemon-error.js';
import type { ServiceHistory } from '../database/service-history.js';
import type { Logger } from '../logger.js';
import { toService, toUnknown } from './service-view.js';

/** Hears of every change; must not throw. */
export interface MonitorListener {
  services(answer: ServicesAnswer): void;
  transition(transition: Transition): void;
  /** The env file has other keys or values now. */
  envChanged(): void;
}

export interface ServiceMonitorOptions {
  readonly pidnap: PidnapApi;
  readonly history: ServiceHistory;
  readonly logger: Logger;
  /** First wait before pidnap is tried again; doubles up to `maxRetryMs`. @default 250 */
  readonly retryMs?: number;
  /** @default 5_000 */
  readonly maxRetryMs?: number;
  /** How long pidnap may take to answer before it counts as away. @default 5_000 */
  readonly answerMs?: number;
}

interface View {
  readonly answer: ServicesAnswer;
  /** By the monotonic clock, so that uptimes grow between two answers of pidnap. */
  readonly takenAt: number;
}

/**
 * Follows pidnap's event stream: keeps the state of all services, records their steps, tells listeners. pidnap is
 * asked for its list after each event, since an event carries only a part of what changed. While pidnap is away all
 * states are `unknown`; afterwards the steps in between are made good from its kept events.
 */
export class ServiceMonitor {
  readonly #options: Required<ServiceMonitorOptions>;
  readonly #listeners = new Set<MonitorListener>();
  readonly #ending = new AbortController();
  #view: View = viewOf({
    pidnap: {
      connected: false,
      reason: 'The daemon has only just started.',
      since: new Date().toISOString(),
    },
    services: [],
    tasks: [],
  });
  #running: Promise<void> | undefined;

  constructor(options: ServiceMonitorOptions) {
    this.#options = { retryMs: 250, maxRetryMs: 5_000, answerMs: 5_000, ...options };
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  /** The state as of now. */
  snapshot(): ServicesAnswer {
    const elapsed = Math.round(performance.now() - this.#view.takenAt);
    const aged = (service: Service): Service =>
      service.uptimeMs === null ? service : { ...service, uptimeMs: service.uptimeMs + elapsed };
    const { pidnap, services, tasks } = this.#view.answer;
    return { pidnap, services: services.map(aged), tasks: tasks.map(aged) };
  }

  /** @returns ends the subscription */
  subscribe(listener: MonitorListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #run(): Promise<void> {
    const { retryMs, maxRetryMs } = this.#options;
    let wait = retryMs;
    while (!this.#ending.signal.aborted) {
      const reason = await this.#follow(() => {
        wait = retryMs;
      }).then(
        () => 'pidnap ended its event stream.',
        (error: unknown) => messageOf(error),
      );
      if (this.#ending.signal.aborted) return;
      this.#away(reason);
      await sleep(wait, undefined, { signal: this.#ending.signal }).catch(() => {});
      wait = Math.min(wait * 2, maxRetryMs);
    }
  }

  /** Follows one connection until it ends. */
  async #follow(connected: () => void): Promise<void> {
    const { pidnap, logger } = this.#options;
    const status = await this.#answered(pidnap.status());
    const cursor = await this.#cursorOf(status.instance, status.cursor);
    const connection = new AbortController();
    const refresher = new Refresher(
      () => this.#refresh(),
      (error) => connection.abort(error),
    );
    await this.#refresh();
    connected();
    logger.info('pidnap connected', { instance: status.instance, cursor });
    const signal = AbortSignal.any([connection.signal, this.#ending.signal]);
    try {
      for await (const event of pidnap.events({ cursor, signal })) {
        await this.#handle(status.instance, event);
        refresher.request();
      }
      connection.signal.throwIfAborted();
    } finally {
      connection.abort();
      await refresher.idle();
    }
  }

  async #handle(instance: string, event: PidnapEvent): Promise<void> {
    if (event.type === 'process.state' || event.type === 'task.state') {
      const transition = await this.#record(instance, event);
      if (transition !== null) this.#tell((listener) => listener.transition(transition));
    } else if (event.type === 'env.changed') {
      this.#tell((listener) => listener.envChanged());
    } else if (event.type === 'events.gap') {
      this.#options.logger.warn('pidnap no longer has all events', { missed: event.missed });
    }
  }

  async #record(instance: string, event: StateEvent): Promise<Transition | null> {
    try {
      return await this.#options.history.record(instance, event);
    } catch (error) {
      this.#options.logger.error('a step of a service could not be recorded', {
        service: event.name,
        reason: messageOf(error),
      });
      return {
        id: null,
        service: event.name,
        kind: event.type === 'task.state' ? 'task' : 'process',
        from: event.from,
        to: event.to,
        reason: event.reason,
        at: event.at,
      };
    }
  }

  /** Where to go on reading: after the last recorded event, or with new ones only when nothing can be recorded. */
  async #cursorOf(instance: string, newest: number): Promise<number> {
    return this.#options.history.lastEventId(instance).catch((error: unknown) => {
      this.#options.logger.error('the history of services cannot be read', { reason: messageOf(error) });
      return newest;
    });
  }

  async #refresh(): Promise<void> {
    const { pidnap } = this.#options;
    const [processes, tasks] = await this.#answered(
      Promise.all([pidnap.processes.list(), pidnap.tasks.list()]),
    );
    const before = this.#view.answer.pidnap;
    this.#show({
      pidnap: before.connected ? before : { connected: true, reason: null, since: new Date().toISOString() },
      services: processes.map(toService),
      tasks: tasks.map(toService),
    });
  }

  #away(reason: string): void {
    const { pidnap, services, tasks } = this.#view.answer;
    if (!pidnap.connected && pidnap.reason === reason) return;
    this.#options.logger.warn('pidnap is away', { reason });
    const since = new Date().toISOString();
    this.#show({
      pidnap: { connected: false, reason, since: pidnap.connected ? since : pidnap.since },
      services: services.map((service) => toUnknown(service, reason, since)),
      tasks: tasks.map((task) => toUnknown(task, reason, since)),
    });
  }

  #show(answer: ServicesAnswer): void {
    this.#view = viewOf(answer);
    this.#tell((listener) => listener.services(answer));
  }

  #tell(call: (listener: MonitorListener) => void): void {
    for (const listener of this.#listeners) call(listener);
  }

  async #answered<T>(answer: Promise<T>): Promise<T> {
    const { answerMs } = this.#options;
    const timer = new AbortController();
    const late = sleep(answerMs, undefined, { signal: timer.signal }).then(() => {
      throw new Error(`pidnap did not answer within ${answerMs} ms.`);
    });
    late.catch(() => {});
    try {
      return await Promise.race([answer, late]);
    } finally {
      timer.abort();
    }
  }
}

function viewOf(answer: ServicesAnswer): View {
  return { answer, takenAt: performance.now() };
}

/** Runs one refresh at a time; requests during a run lead to exactly one more. */
class Refresher {
  readonly #work: () => Promise<void>;
  readonly #failed: (error: unknown) => void;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(work: () => Promise<void>, failed: (error: unknown) => void) {
    this.#work = work;
    this.#failed = failed;
  }

  request(): void {
    this.#again = true;
    this.#running ??= this.#run();
  }

  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#again) {
        this.#again = false;
        await this.#work();
      }
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#running = undefined;
    }
  }
}
