import type { ExitStatus } from './driver.js';

/** Linux signal names by number: the sandbox is Linux whatever the host is, so the host's table is no help. */
const LINUX_SIGNALS = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGKILL',
  'SIGUSR1',
  'SIGSEGV',
  'SIGUSR2',
  'SIGPIPE',
  'SIGALRM',
  'SIGTERM',
  'SIGSTKFLT',
  'SIGCHLD',
  'SIGCONT',
  'SIGSTOP',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGURG',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGVTALRM',
  'SIGPROF',
  'SIGWINCH',
  'SIGIO',
  'SIGPWR',
  'SIGSYS',
] as const;

/** A Linux signal by name. */
export type LinuxSignal = (typeof LINUX_SIGNALS)[number];

/** The {@link ExitStatus} of an engine's exit code: 128 + n names signal n. */
export function exitStatus(code: number): ExitStatus {
  const signal = LINUX_SIGNALS[code - 129];
  return signal === undefined ? { code } : { code, signal };
}

/** The number of a Linux signal. */
export function signalNumber(signal: LinuxSignal): number {
  return LINUX_SIGNALS.indexOf(signal) + 1;
}
