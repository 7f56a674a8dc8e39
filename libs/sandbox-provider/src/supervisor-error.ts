import { isPidnapError, type PidnapError } from 'pidnap/client';
import type { DriverSandbox } from './driver.js';
import { isSandboxError, SandboxError } from './sandbox-error.js';

/** What the supervisor was asked, for the error of it. */
export interface SupervisorCall {
  /** In words that fit after "cannot": "restart web". */
  readonly operation: string;
  /** The process that it is about. */
  readonly process?: string | undefined;
  readonly address: string;
  readonly sandbox: Pick<DriverSandbox, 'id' | 'info'>;
}

/** Makes a call to the manager, turning what it throws into the contract's errors. */
export async function supervised<T>(context: SupervisorCall, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw isPidnapError(error) ? await toSandboxError(error, context) : error;
  }
}

async function toSandboxError(error: PidnapError, context: SupervisorCall): Promise<SandboxError> {
  const { operation, address, sandbox } = context;
  const options = { cause: error };
  const cannot = `Cannot ${operation}: ${error.message}`;
  switch (error.code) {
    case 'unreachable':
      return unreachable(error, context);
    case 'unauthorized':
    case 'forbidden':
      return new SandboxError('NoSupervisor', cannot, { id: sandbox.id, address }, options);
    case 'not-found':
      return new SandboxError('ProcessNotFound', cannot, { process: nameOf(error, context) }, options);
    case 'conflict':
      return new SandboxError('Conflict', cannot, { subject: nameOf(error, context) }, options);
    case 'aborted':
      return new SandboxError('Aborted', cannot, { operation }, options);
    default:
      return new SandboxError('ProviderError', cannot, { provider: 'pidnap', retryable: false }, options);
  }
}

/** Why no manager answers: the sandbox does not run, or has no curl, or has no manager. */
async function unreachable(
  error: PidnapError,
  { operation, address, sandbox }: SupervisorCall,
): Promise<SandboxError> {
  const { cause } = error;
  const failure = isSandboxError(cause)
    ? cause
    : cause instanceof Error && isSandboxError(cause.cause)
      ? cause.cause
      : undefined;
  if (failure !== undefined && failure.code !== 'CommandFailed') return failure;
  const { state } = await sandbox.info();
  if (state !== 'running')
    return new SandboxError(
      'NotRunning',
      `Cannot ${operation}: the sandbox is ${state}.`,
      { id: sandbox.id, state },
      { cause: error },
    );
  return new SandboxError(
    'NoSupervisor',
    `Cannot ${operation}: no pidnap answers at ${address} inside the sandbox. Its main process has to be "pidnap init", which may still be starting; wait() waits for it.`,
    { id: sandbox.id, address },
    { cause: error },
  );
}

function nameOf(error: PidnapError, { process, operation }: SupervisorCall): string {
  const { name } = error.details;
  return typeof name === 'string' ? name : (process ?? operation);
}
