import { isSandboxError, type Sandbox } from '@iterate/sandbox-provider';
import { createClient } from 'pidnap/client';
import { waitForServices } from '../services-ready.js';
import type { DevEvent } from './dev-event.js';
import type { DevActions } from './dev-rules.js';
import { UpdateSteps } from './update-steps.js';

const UPDATE_SCRIPT = '/home/iterate/src/github.com/iterate/iterate/sandbox/update-repo.sh';
/** For what restarts to become ready again. */
const READY_TIMEOUT_MS = 60_000;
const OUTPUT_TAIL_LINES = 25;

/**
 * Brings the mounted working tree into the sandbox and restarts what that asks for; resolves when all of it is ready.
 *
 * @returns Whether it succeeded; a failure was told by an event.
 */
export async function bringIn(
  sandbox: Sandbox,
  actions: DevActions,
  { signal, onEvent }: { signal: AbortSignal; onEvent: (event: DevEvent) => void },
): Promise<boolean> {
  const startedAt = performance.now();
  let step = 'sync';
  const timed = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    step = name;
    const from = performance.now();
    await work();
    onEvent({ type: 'step', name, ms: Math.round(performance.now() - from) });
  };
  try {
    for (const text of actions.notes) onEvent({ type: 'note', text });
    if (actions.restartSandbox) {
      await timed('restart the sandbox', () => sandbox.restart({ signal, timeoutMs: 30_000 }));
      await timed('services', () =>
        waitForServices(sandbox, { timeoutMs: 300_000, fresh: true, signal, onChange: () => undefined }),
      );
    } else {
      const steps = new UpdateSteps((ended) => onEvent({ type: 'step', ...ended }));
      await update(sandbox, steps, signal).catch((error: unknown) => {
        step = steps.current || 'update';
        throw error;
      });
      await restart(sandbox, actions, timed);
    }
  } catch (error) {
    if (signal.aborted) throw error;
    onEvent({ type: 'failed', step, message: failureText(error) });
    return false;
  }
  onEvent({ type: 'ready', ms: Math.round(performance.now() - startedAt) });
  return true;
}

async function update(sandbox: Sandbox, steps: UpdateSteps, signal: AbortSignal): Promise<void> {
  const decoder = new TextDecoder();
  const result = await sandbox.exec([UPDATE_SCRIPT], {
    signal,
    onStdout: (chunk) => steps.read(decoder.decode(chunk, { stream: true })),
  });
  result.orThrow();
  steps.end();
}

async function restart(
  sandbox: Sandbox,
  { run, reload, restart: services }: DevActions,
  timed: (name: string, work: () => Promise<unknown>) => Promise<void>,
): Promise<void> {
  if (run.length === 0 && services.length === 0 && !reload) return;
  const pidnap = createClient({ fetch: sandbox.fetchInside });
  for (const task of run) await timed(`run ${task}`, () => pidnap.tasks.run(task));
  if (reload) await timed('reload pidnap', () => pidnap.reload());
  await Promise.all(services.map((name) => timed(`restart ${name}`, () => pidnap.processes.restart(name))));
  // After a reload nobody here knows which services it touched.
  const touched = reload ? undefined : [...run, ...services];
  await timed('ready', () => pidnap.waitReady(touched, { timeoutMs: READY_TIMEOUT_MS }));
}

/** What the failing command printed at last goes before the words of the error: a compiler says more than an exit code. */
function failureText(error: unknown): string {
  if (!isSandboxError(error, 'CommandFailed')) return error instanceof Error ? error.message : String(error);
  const { stdout, stderr } = error.details;
  const lines = `${stdout}${stderr}`.trimEnd().split('\n');
  return lines.slice(-OUTPUT_TAIL_LINES).join('\n');
}
