/** Programs that the checks run inside. The defaults need a POSIX shell and core utilities. */
export interface ConformanceCommands {
  /** A main process that runs until SIGTERM. */
  readonly idle: readonly string[];
  /** A main process that ignores SIGTERM. */
  readonly stubborn: readonly string[];
  /**
   * A main process that prints the lines, alternately to stdout and stderr and with time between them (nothing else keeps
   * the order of two streams), and then idles.
   */
  log(lines: readonly string[]): readonly string[];
  /** Ends with the code. */
  exit(code: number): readonly string[];
  /** Prints every argument followed by NUL. */
  printArguments(args: readonly string[]): readonly string[];
  /** Prints the value of an environment variable, nothing else. */
  printVariable(name: string): readonly string[];
  /** Prints the working directory and a newline. */
  readonly printDirectory: readonly string[];
  /** Prints `out` to stdout and `err` to stderr, each with a newline. */
  readonly printBoth: readonly string[];
  /** Copies its input to its output. */
  readonly cat: readonly string[];
  /** Prints text, waits 100 ms, prints more: so that a chunk ends within a character. */
  printInTwoParts(first: Uint8Array, second: Uint8Array): readonly string[];
  /** Waits so many seconds. */
  sleep(seconds: number): readonly string[];
  /** As {@link sleep}, in a process started by the one that is started, and ignoring SIGTERM. */
  stubbornSleep(seconds: number): readonly string[];
  /** Dies from SIGKILL by its own hand. */
  readonly killSelf: readonly string[];
  /** Ends with code 0 when a process runs that has `argument` as an argument of its own, with 1 when not. */
  isRunning(argument: string): readonly string[];
  /** Serves HTTP on the port until it is ended; the body of every answer is the text. */
  serve(port: number, text: string): readonly string[];
  /** Prints `<rows> <columns>` of its terminal, waits for a line of input, and prints them again. */
  readonly printTtySize: readonly string[];
  /** Takes so much memory, and ends with 0 when it got it. */
  allocate(bytes: number): readonly string[];
}

const sh = (script: string, ...args: string[]) => ['/bin/sh', '-c', script, 'sh', ...args];
const octal = (bytes: Uint8Array) =>
  [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');

const RUNNING = `for f in /proc/[0-9]*/cmdline; do
  case $f in /proc/$$/*) continue;; esac
  tr '\\0' '\\n' < "$f" 2>/dev/null | grep -qxF -- "$1" && exit 0
done
exit 1`;

const SERVE = `require('node:http').createServer((_, response) => response.end(process.argv[2])).listen(Number(process.argv[1]))`;

/** The commands for an image with a POSIX shell, core utilities, grep, and Node for the HTTP server. */
export const posixCommands: ConformanceCommands = {
  idle: sh('trap "exit 0" TERM; while :; do sleep 1 & wait $!; done'),
  stubborn: sh('trap "" TERM; while :; do sleep 1; done'),
  log: (lines) =>
    sh(
      'odd=1; for line; do if [ $odd = 1 ]; then echo "$line"; odd=0; else echo "$line" >&2; odd=1; fi; sleep 0.3; done; trap "exit 0" TERM; while :; do sleep 1 & wait $!; done',
      ...lines,
    ),
  exit: (code) => sh(`exit ${code}`),
  printArguments: (args) => sh('for arg; do printf "%s\\0" "$arg"; done', ...args),
  printVariable: (name) => sh(`printf %s "$${name}"`),
  printDirectory: ['pwd'],
  printBoth: sh('echo out; echo err >&2'),
  cat: ['cat'],
  printInTwoParts: (first, second) => sh(`printf '${octal(first)}'; sleep 0.1; printf '${octal(second)}'`),
  sleep: (seconds) => ['sleep', String(seconds)],
  stubbornSleep: (seconds) => sh(`trap "" TERM; sleep ${seconds} & wait $!`),
  killSelf: sh('kill -9 $$'),
  isRunning: (argument) => sh(RUNNING, argument),
  serve: (port, text) => ['node', '-e', SERVE, String(port), text],
  printTtySize: sh('stty size; read line; stty size'),
  // A line that never ends has to be kept whole.
  allocate: (bytes) => sh(`head -c ${bytes} /dev/zero | tail -n 1 > /dev/null`),
};
