import type { Spec, UnitSpec } from '../config/spec.js';
import { createFifos, discardFifos } from '../logs/fifo.js';
import { PidnapError } from '../pidnap-error.js';
import type { ReloadResult, StateReason } from '../protocol/info.js';
import { diffSpecs, fixedSettings } from './diff-specs.js';
import type { Unit } from './unit.js';
import type { UnitSet } from './unit-set.js';

/** What a reload needs of its manager. */
export interface ReloadHost {
  readonly units: UnitSet;
  readonly spec: Spec;
  readonly stopping: boolean;
  /** From here on the manager works with this configuration. */
  adopt(next: Spec): void;
  /** Forgets a unit that has been stopped. */
  forget(unit: Unit): void;
  /** Watches the env files of these units, and none of those that are gone. */
  watchEnv(units: readonly UnitSpec[], gone: readonly string[]): Promise<void>;
  /** Starts it if it is one that starts by itself. */
  launch(name: string, reason: StateReason): void;
}

const addition: StateReason = { code: 'request', message: 'the manager starts' };
const configChange: StateReason = { code: 'config-change', message: 'its definition changed' };
const envChange: StateReason = { code: 'env-change', message: 'its environment changed' };
const removal: StateReason = { code: 'config-change', message: 'it is no longer configured' };

/**
 * Goes over to another configuration; only what differs is touched.
 *
 * @throws PidnapError `conflict` when it asks for what only a new manager can do, or the manager stops meanwhile;
 * `unavailable` when there are no pipes for what is new. In each case nothing was applied.
 */
export async function applySpec(host: ReloadHost, next: Spec): Promise<ReloadResult> {
  const { units } = host;
  refuseWhenStopping(host);
  refuseFixed(host.spec, next);
  const diff = diffSpecs(host.spec, next);
  const specs = (names: readonly string[]): UnitSpec[] => names.flatMap((name) => next.units.get(name) ?? []);
  const fresh = specs([...diff.added, ...diff.restart]);
  const kept = specs([...diff.update, ...diff.unchanged]);
  const fifos = await createFifos(fresh.length * 2);
  const wanted = new Set(units.all().flatMap(({ name, desired }) => (desired === 'running' ? name : [])));
  const replaced = [...diff.removed, ...diff.restart].flatMap((name) => units.get(name) ?? []);
  const stopped = new Set(replaced.filter(isStoppedOnRequest).map(({ name }) => name));
  try {
    await units.stop(replaced, removal);
    refuseWhenStopping(host);
  } catch (error) {
    discardFifos(fifos);
    throw error;
  }
  for (const unit of replaced) host.forget(unit);
  host.adopt(next);
  for (const spec of kept) units.get(spec.name)?.update(spec);
  units.add(fresh, fifos);
  units.sort(next.units.keys());
  await host.watchEnv([...next.units.values()], diff.removed);
  refuseWhenStopping(host);

  const restarted: string[] = [];
  const updated: string[] = [];
  for (const { name } of fresh) {
    const again = diff.restart.includes(name);
    // What somebody has stopped stays stopped.
    if (!again || wanted.has(name)) host.launch(name, again ? configChange : addition);
    else if (stopped.has(name)) void units.get(name)?.stop(configChange);
    if (again) (wanted.has(name) ? restarted : updated).push(name);
  }
  for (const { name } of kept) {
    const unit = units.get(name);
    if (unit?.differsInEnv()) {
      restarted.push(name);
      void unit.restart(envChange);
    } else if (diff.update.includes(name)) {
      updated.push(name);
    }
  }
  for (const unit of units.all()) unit.dependencyChanged();
  return {
    added: diff.added,
    removed: diff.removed,
    restarted,
    updated,
    unchanged: diff.unchanged.filter((name) => !restarted.includes(name)),
  };
}

function refuseWhenStopping({ stopping }: ReloadHost): void {
  if (stopping) throw new PidnapError('conflict', 'The manager is stopping.');
}

function refuseFixed(before: Spec, next: Spec): void {
  const settings = fixedSettings(before, next);
  if (settings.length === 0) return;
  throw new PidnapError(
    'conflict',
    `A reload cannot change ${settings.join(', ')}: restart the manager. Nothing was applied.`,
    { details: { settings } },
  );
}

/** Also while it still stops; one that was never started is idle instead. */
function isStoppedOnRequest(unit: Unit): boolean {
  return unit.desired === 'stopped' && unit.state !== 'idle';
}
