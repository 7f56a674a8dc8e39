import type { Engine } from './engine.js';

/** Environment variable by which the processes of one session or terminal are found again. */
export const MARK = 'DAYTONA_EMULATOR_MARK';

const SCRIPT = `for f in $(grep -lsF -- "$1" /proc/[0-9]*/environ); do
  p=\${f#/proc/}; kill -s "$2" "\${p%/environ}" 2>/dev/null
done; :`;

/** Signals every process that was started with the mark, and what those started. */
export async function signalMarked(
  engine: Engine,
  container: string,
  mark: string,
  signal: 'TERM' | 'KILL',
): Promise<void> {
  await engine.run(container, {
    argv: ['/bin/sh', '-c', SCRIPT, 'sh', `${MARK}=${mark}`, signal],
    user: '0',
  });
}
