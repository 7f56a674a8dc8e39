import { join } from 'node:path';
import type { Spec, UnitSpec } from '../config/spec.js';
import { type Env, effectiveEnv } from '../env/effective-env.js';
import { EnvFiles, type EnvFilesChange } from '../env/env-files.js';
import { createFifos, type Fifo } from '../logs/fifo.js';
import { LineHub } from '../logs/line-hub.js';
import { UnitLog } from '../logs/unit-log.js';
import { PidnapError } from '../pidnap-error.js';
import { Guard } from '../process/guard.js';
import { newInstance, sweepMarked } from '../process/instance-marker.js';
import type { ManagerStatus, ReloadResult, StateReason } from '../protocol/info.js';
import { isAlive } from '../protocol/process-state.js';
import { checkGate } from './dependency-gate.js';
import { describeEvent } from './describe-event.js';
import { diffSpecs, fixedSettings } from './diff-specs.js';
import { EventBus, type NewEvent } from './event-bus.js';
import { exitStatus } from './exit-status.js';
import { type Level, ManagerLog } from './manager-log.js';
import { notReady } from './not-ready.js';
import { Scheduler } from './scheduler.js';
import { Unit, type UnitHost } from './unit.js';

export interface SupervisorOptions {
  /** The environment that children may inherit. */
  readonly processEnv: Readonly<NodeJS.ProcessEnv>;
}

/** How long descendants that left their process group get to end at shutdown. */
const escapeeGraceMs = 2000;

const begin: StateReason = { code: 'request', message: 'the manager starts' };
const shutdown: StateReason = { code: 'shutdown', message: 'the manager stops' };
const configChange: StateReason = { code: 'config-change', message: 'its definition changed' };
const envChange: StateReason = { code: 'env-change', message: 'its environment changed' };
const removal: StateReason = { code: 'config-change', message: 'it is no longer configured' };

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
  readonly #units = new Map<string, Unit>();
  readonly #dependents = new Map<string, Unit[]>();
  readonly #options: SupervisorOptions;
  readonly #startedMs = performance.now();
  readonly #guard: Guard;
  readonly #envFiles: EnvFiles;
  readonly #host: UnitHost;
  #spec: Spec;
  #state: ManagerStatus['state'] = 'starting';
  #wasReady = false;
  #reloading: Promise<unknown> = Promise.resolve();
  #end: (code: number) => void = () => {};

  constructor(spec: Spec, options: SupervisorOptions) {
    this.#spec = spec;
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.log = new ManagerLog(join(spec.logDir, 'pidnap.log'), spec.logs);
    this.#guard = new Guard(this.instance);
    this.#envFiles = new EnvFiles({
      onChange: (change) => this.#onEnvChange(change),
      onError: (name, message) => this.emit({ type: 'env.error', name, message }),
    });
    this.#host = this.#createHost();
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
    return notReady(this.#units.values());
  }

  /** Units of a kind, in the order of the configuration. */
  units(kind: UnitSpec['kind']): Unit[] {
    return [...this.#units.values()].filter((unit) => unit.spec.kind === kind);
  }

  unit(name: string): Unit | undefined {
    return this.#units.get(name);
  }

  envOf(spec: UnitSpec): Env {
    return effectiveEnv(spec, {
      process: this.#options.processEnv,
      global: this.#spec.env,
      globalFile: this.#envFiles.values(null),
      ownFile: this.#envFiles.values(spec.name),
    });
  }

  emit(event: NewEvent): void {
    this.bus.emit(event);
    const { level, message } = describeEvent(event);
    this.write(level, message);
  }

  write(level: Level, message: string): void {
    this.log.write(level, message);
  }

  /** Starts everything that is to start by itself. Resolves when the first starts are under way. */
  async start(): Promise<void> {
    const units = [...this.#spec.units.values()];
    this.#addUnits(units);
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
    this.scheduler.close();
    await Promise.all([this.#envFiles.close(), this.#stopUnits([...this.#units.values()], shutdown)]);
    await this.#sweep();
    this.#guard.close();
    for (const unit of this.#units.values()) unit.close();
    this.write('info', `manager ended with exit code ${exitCode}`);
    this.bus.close();
    this.log.close();
    this.#end(exitCode);
  }

  /** Cuts a stop short: kills every group at once. */
  kill(): void {
    for (const unit of this.#units.values()) unit.kill();
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
    this.#refuseWhenStopping();
    const fixed = fixedSettings(this.#spec, next);
    if (fixed.length > 0) {
      throw new PidnapError(
        'conflict',
        `A reload cannot change ${fixed.join(', ')}: restart the manager. Nothing was applied.`,
        {
          details: { settings: fixed },
        },
      );
    }
    const before = this.#spec;
    const diff = diffSpecs(before, next);
    const wanted = new Map([...this.#units].map(([name, { desired }]) => [name, desired === 'running']));
    const replaced = [...diff.removed, ...diff.restart].flatMap((name) => this.#units.get(name) ?? []);
    const stopped = new Set(replaced.filter(isStoppedOnRequest).map(({ name }) => name));
    await this.#stopUnits(replaced, removal);
    this.#refuseWhenStopping();
    for (const unit of replaced) this.#remove(unit);
    this.#spec = next;
    for (const name of [...diff.update, ...diff.unchanged]) {
      const spec = next.units.get(name);
      if (spec) this.#units.get(name)?.update(spec);
    }
    const fresh = [...diff.added, ...diff.restart].flatMap((name) => next.units.get(name) ?? []);
    this.#addUnits(fresh);
    this.#sortUnits();
    for (const name of diff.removed) await this.#envFiles.set(name, []);
    await this.#watchEnv([...next.units.values()]);
    this.#refuseWhenStopping();
    const restarted: string[] = [];
    const updated: string[] = [];
    for (const { name } of fresh) {
      const again = diff.restart.includes(name);
      // What somebody has stopped stays stopped.
      if (!again || wanted.get(name)) this.#launch(name, again ? configChange : begin);
      else if (stopped.has(name)) void this.#units.get(name)?.stop(configChange);
      if (again) (wanted.get(name) ? restarted : updated).push(name);
    }
    for (const name of [...diff.update, ...diff.unchanged]) {
      const unit = this.#units.get(name);
      if (!unit) continue;
      if (unit.differsInEnv()) {
        restarted.push(name);
        void unit.restart(envChange);
      } else if (diff.update.includes(name)) {
        updated.push(name);
      }
    }
    for (const unit of this.#units.values()) unit.dependencyChanged();
    const result: ReloadResult = {
      added: diff.added,
      removed: diff.removed,
      restarted,
      updated,
      unchanged: diff.unchanged.filter((name) => !restarted.includes(name)),
    };
    this.emit({ type: 'manager.reloaded', result });
    this.#checkReady();
    return result;
  }

  #refuseWhenStopping(): void {
    if (this.#state === 'stopping') throw new PidnapError('conflict', 'The manager is stopping.');
  }

  #createHost(): UnitHost {
    return {
      instance: this.instance,
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
        for (const dependent of this.#dependents.get(name) ?? []) dependent.dependencyChanged();
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
    const restarts: { name: string; inMs: number }[] = [];
    for (const unit of this.#units.values()) {
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
  }

  #addUnits(specs: readonly UnitSpec[]): void {
    const fifos = createFifos(specs.length * 2);
    specs.forEach((spec, index) => {
      const pair = fifos.slice(index * 2, index * 2 + 2) as [Fifo, Fifo];
      const log = new UnitLog({
        name: spec.name,
        kind: spec.kind,
        file: spec.logFile,
        logs: spec.logs,
        fifos: pair,
        hub: this.output,
        onTrouble: (message) => this.emit({ type: 'log.dropped', name: spec.name, message }),
      });
      this.#units.set(spec.name, new Unit(spec, log, this.#host));
    });
    this.#linkDependents();
  }

  #remove(unit: Unit): void {
    this.#units.delete(unit.name);
    this.scheduler.set(unit.name, null, () => {});
    unit.close();
  }

  #sortUnits(): void {
    const byName = new Map(this.#units);
    this.#units.clear();
    for (const name of this.#spec.units.keys()) {
      const unit = byName.get(name);
      if (unit) this.#units.set(name, unit);
    }
    this.#linkDependents();
  }

  #linkDependents(): void {
    this.#dependents.clear();
    for (const unit of this.#units.values()) {
      for (const { name } of unit.spec.dependsOn) {
        this.#dependents.set(name, [...(this.#dependents.get(name) ?? []), unit]);
      }
    }
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

  /** Stops units, each after those of them that depend on it. */
  async #stopUnits(units: readonly Unit[], reason: StateReason): Promise<void> {
    const stops = new Map<Unit, Promise<void>>();
    const stop = (unit: Unit): Promise<void> => {
      const known = stops.get(unit);
      if (known) return known;
      const dependents = (this.#dependents.get(unit.name) ?? []).filter((other) => units.includes(other));
      const done =
        dependents.length === 0
          ? stopIfActive(unit, reason)
          : Promise.all(dependents.map(stop)).then(() => stopIfActive(unit, reason));
      stops.set(unit, done);
      return done;
    };
    await Promise.all(units.map(stop));
  }

  async #sweep(): Promise<void> {
    const found = await sweepMarked(this.instance, escapeeGraceMs);
    if (found.length > 0)
      this.write('warn', `ended ${found.length} processes that had left their group: ${found.join(', ')}`);
  }
}

function isActive(unit: Unit): boolean {
  return isAlive(unit.state) || ['waiting', 'backoff', 'crash-loop'].includes(unit.state);
}

/** Also while it still stops; one that was never started is idle instead. */
function isStoppedOnRequest(unit: Unit): boolean {
  return unit.desired === 'stopped' && unit.state !== 'idle';
}

/** What is over stays as it ended. */
function stopIfActive(unit: Unit, reason: StateReason): Promise<void> {
  return isActive(unit) ? unit.stop(reason) : Promise.resolve();
}
