import type { UnitSpec } from '../config/spec.js';
import type { Fifo } from '../logs/fifo.js';
import type { LineHub } from '../logs/line-hub.js';
import { UnitLog } from '../logs/unit-log.js';
import type { StateReason } from '../protocol/info.js';
import { isAlive } from '../protocol/process-state.js';
import { Unit } from './unit.js';
import type { UnitHost } from './unit-host.js';

export interface UnitSetOptions {
  readonly host: UnitHost;
  /** Gets every line of every unit. */
  readonly output: LineHub;
  readonly onLogTrouble: (name: string, message: string) => void;
}

/** The units of a manager in the order of the configuration, and who depends on whom. */
export class UnitSet {
  readonly #options: UnitSetOptions;
  readonly #dependents = new Map<string, Unit[]>();
  #units = new Map<string, Unit>();

  constructor(options: UnitSetOptions) {
    this.#options = options;
  }

  get(name: string): Unit | undefined {
    return this.#units.get(name);
  }

  all(): Unit[] {
    return [...this.#units.values()];
  }

  ofKind(kind: UnitSpec['kind']): Unit[] {
    return this.all().filter((unit) => unit.spec.kind === kind);
  }

  /** Units that name this one in their `dependsOn`. */
  dependentsOf(name: string): readonly Unit[] {
    return this.#dependents.get(name) ?? [];
  }

  /** @param fifos two for each unit */
  add(specs: readonly UnitSpec[], fifos: readonly Fifo[]): void {
    const { host, output, onLogTrouble } = this.#options;
    specs.forEach((spec, index) => {
      const log = new UnitLog({
        name: spec.name,
        kind: spec.kind,
        file: spec.logFile,
        logs: spec.logs,
        fifos: fifos.slice(index * 2, index * 2 + 2) as [Fifo, Fifo],
        hub: output,
        onTrouble: (message) => onLogTrouble(spec.name, message),
      });
      this.#units.set(spec.name, new Unit(spec, log, host));
    });
    this.#linkDependents();
  }

  /** Forgets a unit that does not run. */
  remove(unit: Unit): void {
    this.#units.delete(unit.name);
    unit.close();
  }

  /** Takes over the order of the names. */
  sort(names: Iterable<string>): void {
    const sorted = [...names].flatMap((name) => this.get(name) ?? []);
    this.#units = new Map(sorted.map((unit) => [unit.name, unit]));
    this.#linkDependents();
  }

  /** Stops units, each after those of them that depend on it. What is over stays as it ended. */
  async stop(units: readonly Unit[], reason: StateReason): Promise<void> {
    const stops = new Map<Unit, Promise<void>>();
    const stop = (unit: Unit): Promise<void> => {
      const known = stops.get(unit);
      if (known) return known;
      const dependents = this.dependentsOf(unit.name).filter((other) => units.includes(other));
      const done =
        dependents.length === 0
          ? stopIfActive(unit, reason)
          : Promise.all(dependents.map(stop)).then(() => stopIfActive(unit, reason));
      stops.set(unit, done);
      return done;
    };
    await Promise.all(units.map(stop));
  }

  #linkDependents(): void {
    this.#dependents.clear();
    for (const unit of this.#units.values()) {
      for (const { name } of unit.spec.dependsOn) {
        this.#dependents.set(name, [...this.dependentsOf(name), unit]);
      }
    }
  }
}

function isActive(unit: Unit): boolean {
  return isAlive(unit.state) || ['waiting', 'backoff', 'crash-loop'].includes(unit.state);
}

function stopIfActive(unit: Unit, reason: StateReason): Promise<void> {
  return isActive(unit) ? unit.stop(reason) : Promise.resolve();
}
