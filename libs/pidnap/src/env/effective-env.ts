import type { UnitSpec } from '../config/spec.js';
import { markerName } from '../process/instance-marker.js';

export type Env = Readonly<Record<string, string>>;

/** What the layers of an environment are made of. */
export interface EnvLayers {
  /** The manager's own environment. */
  readonly process: Readonly<NodeJS.ProcessEnv>;
  readonly global: Env;
  readonly globalFile: Env;
  readonly ownFile: Env;
}

/** Passed on when the manager's environment is not inherited. */
const basics: ReadonlySet<string> = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'TZ',
  'TMPDIR',
]);

/**
 * The environment a unit gets, each layer over the one before: the manager's, global `env`, global file, own
 * `env`, own file. A key that vanished from its file is gone, since nothing is carried over from earlier runs.
 */
export function effectiveEnv(spec: UnitSpec, layers: EnvLayers): Env {
  const user = spec.user && { HOME: spec.user.home, USER: spec.user.name, LOGNAME: spec.user.name };
  return {
    ...inherited(spec.inheritProcessEnv, layers.process),
    ...user,
    ...(spec.inheritGlobalEnv && { ...layers.global, ...layers.globalFile }),
    ...spec.env,
    ...layers.ownFile,
  };
}

/** The effective environment plus what marks the child as one of ours. */
export function childEnv(env: Env, instance: string, name: string): Env {
  return { ...env, [markerName]: instance, PIDNAP_NAME: name };
}

/** Whether a child would see a difference. */
export function sameEnv(a: Env, b: Env): boolean {
  if (a === b) return true;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** Keys with `***` for each value. */
export function maskEnv(env: Env): Env {
  return Object.fromEntries(Object.keys(env).map((key) => [key, '***']));
}

function inherited(rule: UnitSpec['inheritProcessEnv'], env: Readonly<NodeJS.ProcessEnv>): Env {
  const names = typeof rule === 'boolean' ? undefined : new Set(rule);
  const entries = Object.entries(env).filter((entry): entry is [string, string] => {
    const [key, value] = entry;
    if (value === undefined || key.startsWith('PIDNAP_')) return false;
    return names ? names.has(key) : rule === true || basics.has(key) || key.startsWith('LC_');
  });
  return Object.fromEntries(entries);
}
