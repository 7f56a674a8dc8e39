import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** One of the programs as it is shipped. */
export interface BuiltProgram {
  readonly child: ChildProcess;
  /** What it printed so far. */
  output(): string;
  /** Its exit code, or the signal it died of. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** Runs `dist/<name>.js` with these settings and nothing else of this process's. */
export function startBuiltProgram(name: 'server' | 'migrate', env: Record<string, string>): BuiltProgram {
  const file = fileURLToPath(new URL(`../dist/${name}.js`, import.meta.url));
  if (!existsSync(file)) throw new Error(`${file} is missing: run "pnpm build" in apps/daemon first.`);
  const child = spawn(process.execPath, [file], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.on('close', (code, signal) => resolve(signal ?? code));
  });
  return { child, output: () => output, ended };
}
