import { SandboxError, type ValidSandboxSpec } from '@iterate/sandbox-provider';

const PREFIX = 'dev.iterate.sandbox';
/** Set by the service's clients; not one of the caller's. */
const FOREIGN = 'code-toolbox-language';

/** Marks the sandboxes of this driver. */
export const OWNED_LABEL = PREFIX;

/** What a sandbox must remember that the service has no field for. */
export interface SandboxMemory {
  /** Main process, where the caller gave one. */
  readonly command: readonly string[] | undefined;
  readonly cwd: string | undefined;
  readonly ports: readonly number[];
  readonly idempotencyKey: string | undefined;
}

/** The labels of a new sandbox: the caller's and the driver's memory. @throws SandboxError `InvalidSpec` */
export function labelsFor(spec: ValidSandboxSpec): Record<string, string> {
  checkCallerLabels(spec.labels);
  const { command, cwd, ports, idempotencyKey } = spec;
  return {
    ...spec.labels,
    [PREFIX]: '1',
    [`${PREFIX}.memory`]: JSON.stringify({ command, cwd, ports, idempotencyKey }),
  };
}

/** What {@link labelsFor} wrote; a sandbox without it remembers nothing. */
export function memoryOf(labels: Readonly<Record<string, string>>): SandboxMemory {
  const memory = JSON.parse(labels[`${PREFIX}.memory`] ?? '{}') as Partial<SandboxMemory>;
  return {
    command: memory.command,
    cwd: memory.cwd,
    ports: memory.ports ?? [],
    idempotencyKey: memory.idempotencyKey,
  };
}

/** The labels that the caller gave. */
export function callerLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => key !== FOREIGN && !isOwn(key)));
}

/** @throws SandboxError `InvalidSpec` for a label that the driver keeps for itself */
export function checkCallerLabels(labels: Readonly<Record<string, string>>): void {
  const taken = Object.keys(labels).filter(isOwn);
  if (taken.length > 0)
    throw new SandboxError('InvalidSpec', `Labels that start with "${PREFIX}" are the driver's own.`, {
      issues: taken.map((key) => `labels.${key}: is reserved`),
    });
}

function isOwn(key: string): boolean {
  return key === PREFIX || key.startsWith(`${PREFIX}.`);
}
