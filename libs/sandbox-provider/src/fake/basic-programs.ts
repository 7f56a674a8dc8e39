import type { FakePrograms } from './fake-program.js';

/** The programs that every fake sandbox has. They are named for what they do, not for those of an operating system. */
export const basicPrograms: FakePrograms = {
  /** Runs until it is told to end, and then ends well. */
  idle: async ({ signal, onSignal }) => {
    await new Promise<void>((resolve) => {
      onSignal('SIGTERM', resolve);
      signal.addEventListener('abort', () => resolve());
    });
    return 0;
  },
  /** `sleep <seconds>` */
  sleep: async ({ argv, sleep }) => {
    await sleep(Number(argv[1]) * 1000);
    return 0;
  },
  /** `exit <code>` */
  exit: async ({ argv }) => Number(argv[1]),
  true: async () => 0,
  /** Copies its input to its output. */
  cat: async ({ stdin, stdout }) => {
    for await (const chunk of stdin) await stdout(chunk);
    return 0;
  },
  /** Prints its arguments, separated by spaces. */
  echo: async ({ argv, stdout }) => {
    await stdout(`${argv.slice(1).join(' ')}\n`);
    return 0;
  },
};
