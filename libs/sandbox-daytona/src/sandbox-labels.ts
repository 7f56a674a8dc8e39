import { SandboxError, type ValidSandboxSpec } from '@iterate/sandbox-provider';

const PREFIX = 'dev.iterate.sandbox';
/** Set by the service's clients; not one of the caller's. */
const FOREIGN = 'code-toolbox-language';

/** Marks the sandboxes of this driver. */
export const OWNED_LABEL = PREFIX;

/** Tells the creates of one name apart. */
export const ATTEMPT_LABEL = `${PREFIX}.attempt`;

const MEMORY_LABEL = `${PREFIX}.memory`;
/** What a caller can neither set nor see; other labels with this prefix are anybody's. */
const OWN: ReadonlySet<string> = new Set([OWNED_LABEL, ATTEMPT_LABEL, MEMORY_LABEL]);

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
    [OWNED_LABEL]: '1',
    [MEMORY_LABEL]: JSON.stringify({ command, cwd, ports, idempotencyKey }),
  };
}

/** What {@link labelsFor} wrote; a sandbox without it remembers nothing. */
export function memoryOf(labels: Readonly<Record<string, string>>): SandboxMemory {
  const memory = JSON.parse(labels[MEMORY_LABEL] ?? '{}') as Partial<SandboxMemory>;
  return {
    command: memory.command,
    cwd: memory.cwd,
    ports: memory.ports ?? [],
    idempotencyKey: memory.idempotencyKey,
  };
}

/** The labels that the caller gave. */
export function callerLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => key !== FOREIGN && !OWN.has(key)));
}

/** @throws SandboxError `InvalidSpec` for a label that the driver keeps for itself */
export function checkCallerLabels(labels: Readonly<Record<string, string>>): void {
  const taken = Object.keys(labels).filter((key) => OWN.has(key));
  if (taken.length > 0)
    throw new SandboxError('InvalidSpec', `The labels ${[...OWN].join(', ')} are the driver's own.`, {
      issues: taken.map((key) => `labels.${key}: is reserved`),
    });
}
