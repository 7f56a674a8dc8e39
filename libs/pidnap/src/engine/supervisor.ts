import { join } from 'node:path';
import type { Spec, UnitSpec } from '../config/spec.js';
import { type Env, effectiveEnv } from '../env/effective-env.js';
import { EnvFiles, type EnvFilesChange } from '../env/env-files.js';
import { createFifos, discardFifos } from '../logs/fifo.js';
import { LineHub } from '../logs/line-hub.js';
import { Guard } from '../process/guard.js';
import { newInstance, sweepMarked } from '../process/instance-marker.js';
import { endLeftovers, InstanceRecord } from '../process/instance-record.js';
import { Spare } from '../process/spare.js';
import type { ManagerStatus, ReloadResult, StateReason } from '../protocol/info.js';
import { applySpec, type ReloadHost } from './apply-spec.js';
import { checkGate } from './dependency-gate.js';
import { describeEvent } from './describe-event.js';
import { EventBus, type NewEvent } from './event-bus.js';
import { exitStatus } from './exit-status.js';
import { type Level, ManagerLog } from './manager-log.js';
import { notReady } from './not-ready.js';
import { Scheduler } from './scheduler.js';
import type { Unit } from './unit.js';
import type { UnitHost } from './unit-host.js';
import { UnitSet } from './unit-set.js';

export interface SupervisorOptions {
  /** The environment that children may inherit, as it is now. */
  readonly processEnv: Readonly<NodeJS.ProcessEnv>;
}

/** How long descendants that left their process group get to end at shutdown. */
const escapeeGraceMs = 2000;

const begin: StateReason = { code: 'request', message: 'the manager starts' };
const shutdown: StateReason = { code: 'shutdown', message: 'the manager stops' };

/** Owns all units: decides when each may start, hands out environments, and ends them in order. */
export class Supervisor {
  readonly instance: string = newInstance();
  readonly startedAt: string = new Date().toISOString();
  readonly bus = new EventBus();
  readonly scheduler = new Scheduler();
  /** Every new line that a service prints. */
  readonly output = new LineHub();
  readonly log: ManagerLog;
  /** Resolves with the exit code of the manager when everything has ended. */
  readonly ended: Promise<number>;
  readonly #units: UnitSet;
  readonly #processEnv: NodeJS.ProcessEnv;
  /** Environments as they are until an env file or the configuration changes. */
  readonly #envs = new Map<UnitSpec, Env>();
  readonly #startedMs = performance.now();
  readonly #guard: Guard;
  readonly #spare = new Spare({
    onFork: (pgid) => this.#guard.add(pgid),
    onEnd: (pgid) => this.#guard.remove(pgid),
  });
  #record: InstanceRecord | undefined;
  readonly #envFiles: EnvFiles;
  #spec: Spec;
  #state: ManagerStatus['state'] = 'starting';
  #wasReady = false;
  #reloading: Promise<unknown> = Promise.resolve();
  #end: (code: number) => void = () => {};

  constructor(spec: Spec, options: SupervisorOptions) {
    this.#spec = spec;
    this.#processEnv = { ...options.processEnv };
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.log = new ManagerLog(join(spec.logDir, 'pidnap.log'), spec.logs);
    this.#guard = new Guard(this.instance);
    this.#envFiles = new EnvFiles({
      onChange: (change) => this.#onEnvChange(change),
      onError: (name, message) => this.emit({ type: 'env.error', name, message }),
    });
    this.#units = new UnitSet({
      host: this.#createHost(),
      output: this.output,
      onLogTrouble: (name, message) => this.emit({ type: 'log.dropped', name, message }),
    });
  }

  get spec(): Spec {
    return this.#spec;
  }
  get state(): ManagerStatus['state'] {
    return this.#state;
  }
  get uptimeMs(): number {
    return Math.round(performance.now() - this.#startedMs);
  }
  /** What keeps the whole from being ready, one sentence each; empty when it is. */
  get notReady(): string[] {
    return notReady(this.#units.all());
  }

  /** Units of a kind, in the order of the configuration. */
  units(kind: UnitSpec['kind']): Unit[] {
    return this.#units.ofKind(kind);
  }

  unit(name: string): Unit | undefined {
    return this.#units.get(name);
  }

  /** The effective environment as it is now. */
  envOf(spec: UnitSpec): Env {
    const known = this.#envs.get(spec);
    if (known) return known;
    const env = effectiveEnv(spec, {
      process: this.#processEnv,
      global: this.#spec.env,
      globalFile: this.#envFiles.values(null),
      ownFile: this.#envFiles.values(spec.name),
    });
    this.#envs.set(spec, env);
    return env;
  }

  emit(event: NewEvent): void {
    this.bus.emit(event);
    const { level, message } = describeEvent(event);
    this.write(level, message);
  }

  write(level: Level, message: string): void {
    this.log.write(level, message);
  }

  /**
   * Makes the units, opens their logs, and ends what a killed manager has left; nothing runs yet. Comes before
   * `start` and before any request.
   */
  async prepare(): Promise<void> {
    const units = [...this.#spec.units.values()];
    const [fifos] = await Promise.all([createFifos(units.length * 2), this.#takeOver()]);
    if (this.#state === 'stopping') discardFifos(fifos);
    else this.#units.add(units, fifos);
  }

  /** Starts everything that is to start by itself. Resolves when the first starts are under way. */
  async start(): Promise<void> {
    const units = [...this.#spec.units.values()];
    this.emit({
      type: 'manager.started',
      message: `manager started, pid ${process.pid}, ${units.length} units`,
    });
    await this.#watchEnv(units);
    if (this.#state === 'stopping') return;
    this.#state = 'running';
    for (const { name } of units) this.#launch(name);
    this.#checkReady();
  }

  /**
   * Ends everything: dependants first, what is independent at the same time, and last whatever left its
   * process group. Later calls change nothing but the first exit code counts.
   */
  async stop(exitCode = 0): Promise<void> {
    if (this.#state === 'stopping') {
      await this.ended;
      return;
    }
    this.#state = 'stopping';
    this.emit({ type: 'manager.stopping', message: 'manager stops' });
    this.#spare.close();
    this.scheduler.close();
    await Promise.all([this.#envFiles.close(), this.#units.stop(this.#units.all(), shutdown)]);
    await this.#sweep();
    this.#guard.close();
    this.#record?.remove();
    for (const unit of this.#units.all()) unit.close();
    this.write('info', `manager ended with exit code ${exitCode}`);
    this.bus.close();
    this.log.close();
    this.output.close();
    this.log.lines.close();
    this.#end(exitCode);
  }

  /** Cuts a stop short: kills every group at once. */
  kill(): void {
    for (const unit of this.#units.all()) unit.kill();
  }

  /**
   * Applies another configuration; only what differs is touched. One reload at a time.
   *
   * @throws PidnapError `conflict` when it asks for what only a new manager can do
   */
  apply(next: Spec): Promise<ReloadResult> {
    const result = this.#reloading.then(() => this.#apply(next));
    this.#reloading = result.catch(() => {});
    return result;
  }

  /**
   * Resolves when no reload is under way. A request waits for it, since a reload replaces the units that
   * it could be about.
   */
  async whenReloaded(): Promise<void> {
    await this.#reloading;
  }

  async #apply(next: Spec): Promise<ReloadResult> {
    const result = await applySpec(this.#createReloadHost(), next);
    this.emit({ type: 'manager.reloaded', result });
    this.#checkReady();
    return result;
  }

  #createReloadHost(): ReloadHost {
    const supervisor = this;
    return {
      units: this.#units,
      get spec() {
        return supervisor.#spec;
      },
      get stopping() {
        return supervisor.#state === 'stopping';
      },
      adopt: (next) => {
        this.#spec = next;
        this.#envs.clear();
      },
      forget: (unit) => {
        this.scheduler.set(unit.name, null, () => {});
        this.#units.remove(unit);
      },
      watchEnv: async (units, gone) => {
        await Promise.all(gone.map((name) => this.#envFiles.set(name, [])));
        await this.#watchEnv(units);
      },
      launch: (name, reason) => this.#launch(name, reason),
    };
  }

  #createHost(): UnitHost {
    return {
      instance: this.instance,
      launch: this.#spare.launch,
      gate: (dependsOn) => checkGate(dependsOn, (name) => this.#units.get(name)),
      env: (spec) => this.envOf(spec),
      groupStarted: (pgid) => this.#guard.add(pgid),
      groupEnded: (pgid) => this.#guard.remove(pgid),
      onExit: (unit, pid, exit) => this.emit({ type: `${unit.spec.kind}.exit`, name: unit.name, pid, exit }),
      onProbe: (unit, probe, ok, message) =>
        this.emit({ type: 'process.probe', name: unit.name, probe, ok, message }),
      onWarning: (unit, message) => this.write('warn', `${unit.name}: ${message}`),
      onState: (unit, from) => {
        const { name, state: to, desired, pid, reason } = unit;
        this.emit({ type: `${unit.spec.kind}.state`, name, from, to, desired, pid, reason });
        if (this.#state === 'stopping') return;
        for (const dependent of this.#units.dependentsOf(name)) dependent.dependencyChanged();
        this.#checkReady();
        this.#checkCritical(unit);
      },
    };
  }

  #checkReady(): void {
    if (this.#wasReady || this.#state !== 'running' || this.notReady.length > 0) return;
    this.#wasReady = true;
    this.emit({ type: 'manager.ready', message: `all ready after ${this.uptimeMs} ms` });
  }

  #checkCritical({ spec, state, name, lastExit }: Unit): void {
    if (!spec.critical || !['completed', 'failed', 'crash-loop'].includes(state)) return;
    const code = exitStatus(lastExit);
    this.write('error', `${name} is critical and ${state}: the manager ends with exit code ${code}`);
    void this.stop(code);
  }

  #onEnvChange({ owner, added, changed, removed }: EnvFilesChange): void {
    this.#envs.clear();
    const restarts: { name: string; inMs: number }[] = [];
    for (const unit of this.#units.all()) {
      if (owner !== null && unit.name !== owner) continue;
      const inMs = unit.envChanged();
      if (inMs !== null) restarts.push({ name: unit.name, inMs });
    }
    this.emit({ type: 'env.changed', name: owner, added, changed, removed, restarts });
  }

  async #watchEnv(units: readonly UnitSpec[]): Promise<void> {
    await Promise.all([
      this.#envFiles.set(null, this.#spec.envFiles),
      ...units.map(({ name, envFiles }) => this.#envFiles.set(name, envFiles)),
    ]);
    this.#envs.clear();
  }

  #launch(name: string, reason: StateReason = begin): void {
    const unit = this.#units.get(name);
    if (!unit) return;
    const { schedule, autoStart } = unit.spec;
    this.scheduler.set(name, schedule, () => unit.scheduled());
    if (!autoStart) return;
    if (schedule === null || schedule.runOnStart) unit.start(reason);
    else unit.arm();
  }

  /** A log directory that cannot be written costs the services no start. */
  async #takeOver(): Promise<void> {
    const directory = join(this.#spec.logDir, '.instances');
    try {
      const found = await endLeftovers(directory, escapeeGraceMs);
      if (found.length > 0) {
        this.write(
          'warn',
          `ended ${found.length} processes that a killed manager had left: ${found.join(', ')}`,
        );
      }
      if (this.#state !== 'stopping') this.#record = new InstanceRecord(directory, this.instance);
    } catch (error) {
      this.write('warn', `no note for the next manager in ${directory}: ${(error as Error).message}`);
    }
  }

  async #sweep(): Promise<void> {
    const found = await sweepMarked(this.instance, escapeeGraceMs);
    if (found.length > 0)
      this.write('warn', `ended ${found.length} processes that had left their group: ${found.join(', ')}`);
  }
}
