import type { ByteStream, TtySize } from '../driver.js';
import type { LinuxSignal } from '../exit-status.js';
import type { FakeFileSystem } from './fake-file-system.js';

/** Answers requests to a port of a fake sandbox. */
export type FakeHandler = (request: {
  method: string;
  path: string;
  headers: Readonly<Record<string, string>>;
}) => {
  status: number;
  body: string;
};

/** What a program in a fake sandbox can see and do. */
export interface FakeProcess {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly user: string;
  readonly stdin: ByteStream;
  readonly files: FakeFileSystem;
  /** Size of its terminal, as it is now. */
  readonly tty: TtySize | undefined;
  /** Resolves when there is room for more. */
  stdout(data: string | Uint8Array): Promise<void>;
  stderr(data: string | Uint8Array): Promise<void>;
  /** Answers requests on a port until the program ends. */
  listen(port: number, handler: FakeHandler): void;
  /** Programs that run now, by their arguments. */
  running(): readonly (readonly string[])[];
  /** Waits; ends early with the program. */
  sleep(ms: number): Promise<void>;
  /** Fires when the program is killed. */
  readonly signal: AbortSignal;
  /** Takes a signal in place of dying from it; SIGKILL cannot be taken. */
  onSignal(signal: LinuxSignal, handler: () => void): void;
  /** Dies from a signal. */
  die(signal: LinuxSignal): Promise<never>;
}

/** A program: resolves with its exit code. */
export type FakeProgram = (process: FakeProcess) => Promise<number>;

/** Programs by their name, which is the last part of the path that a command names. */
export type FakePrograms = Readonly<Record<string, FakeProgram>>;
