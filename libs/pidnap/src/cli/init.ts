import { setFlagsFromString } from 'node:v8';
import type { LogLine } from '../protocol/info.js';
import { type Manager, startManager } from '../start-manager.js';
import { keepCompiled, saveCompiled } from './compile-cache.js';
import { ConsoleWriter } from './console-writer.js';
import { linePrinter } from './logs.js';
import { becomePidOne } from './pid-one.js';

/** What the command line says. */
export interface InitOptions {
  readonly config: string;
  readonly logs?: boolean;
  readonly jsonLogs?: boolean;
  readonly quiet?: boolean;
}

/** By then the first starts are over and there is time for it. */
const saveAfterMs = 2000;

/**
 * `pidnap init`: the manager in the foreground. SIGTERM and SIGINT end it in order, a second one at once;
 * SIGHUP reloads the configuration.
 *
 * @returns 0 after a signal, the exit code of a critical process that was lost
 */
export async function init(options: InitOptions): Promise<number> {
  // Before any flag is set: V8 tells compiled code by the flags, and that of `check` is to count here too.
  keepCompiled();
  limitHeap();
  const wrapped = await becomePidOne();
  if (wrapped !== undefined) return wrapped;
  const format = lineFormat(options);
  const out = new ConsoleWriter(1, (text) => format(managerLine(text)));
  const print = (line: LogLine): void => out.write(format(line));
  const signals = new Signals();
  const output = !options.quiet && (options.logs || options.jsonLogs);
  const manager = await startManager({
    configFile: options.config,
    ...(!options.quiet && { onLog: print }),
    ...(output && { onOutput: print }),
  });
  signals.attach(manager, print);
  setTimeout(saveCompiled, saveAfterMs).unref();
  const code = await manager.ended;
  await out.flush();
  return code;
}

/**
 * A burst of restarts or log lines would otherwise grow the young generation to 48 MB, which V8 gives back only
 * after a long quiet time, and let the old one double before it is collected. The manager has little to collect.
 */
function limitHeap(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=10');
}

/** Signals may come before there is a manager to act on them. */
class Signals {
  #manager: Manager | undefined;
  #terms = 0;
  #print: (line: LogLine) => void = () => {};

  constructor() {
    process.on('SIGTERM', () => this.#end());
    process.on('SIGINT', () => this.#end());
    process.on('SIGHUP', () => this.#reload());
  }

  attach(manager: Manager, print: (line: LogLine) => void): void {
    this.#manager = manager;
    this.#print = print;
    if (this.#terms > 0) void manager.stop();
  }

  #end(): void {
    this.#terms++;
    if (this.#terms === 1) void this.#manager?.stop();
    else this.#manager?.kill();
  }

  #reload(): void {
    this.#manager
      ?.reload()
      .catch((error: Error) => this.#print(managerLine(`reload refused: ${error.message}`)));
  }
}

function lineFormat(options: InitOptions): (line: LogLine) => string {
  if (options.jsonLogs) return (line) => `${JSON.stringify(line)}\n`;
  const format = linePrinter({ prefix: true, timestamps: false });
  return (line) => `${format(line)}\n`;
}

function managerLine(text: string): LogLine {
  return {
    name: 'pidnap',
    kind: 'manager',
    time: new Date().toISOString(),
    stream: 'stderr',
    partial: false,
    text,
  };
}
