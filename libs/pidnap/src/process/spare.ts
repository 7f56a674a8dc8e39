import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { basename, resolve } from 'node:path';
import { type Launch, type LaunchOptions, launchByFork } from './launch.js';

const shell = '/bin/sh';
/** What is longer goes by a fork, whose errors say what is wrong with it. */
const maxScriptBytes = 64 * 1024;
/** Names that a shell reads or guards itself, or that it cannot have as variables. */
const unfit = /^(?:IFS|LINENO|OPTIND|PPID|PS[124]|ENV)$|^(?!\w*$)|^\d|^$/;

export interface SpareOptions {
  /** The next one is forked when no child was started for so long, since that takes time from whoever is at work. */
  readonly calmMs?: number;
  /** Told of the group of each one before it can be a program, so that none is overlooked if the manager dies then. */
  readonly onFork?: (group: number) => void;
  /** Told of one that ended unused. */
  readonly onEnd?: (group: number) => void;
}

/**
 * A child forked ahead of the need for it. A fork of Node copies its page tables, which takes several times as long as
 * all the rest of a start; a shell that waits has only to become the program. It is the program's process from the
 * beginning: the same id, session and parent. About 1 MB; it ends with the manager, at the end of its input.
 */
export class Spare {
  readonly #options: SpareOptions;
  #waiting: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: SpareOptions = {}) {
    this.#options = options;
  }

  /** By the spare where it is there and gives the same result as a fork; else by a fork. */
  readonly launch: Launch = (options) => {
    const child = this.#take(options) ?? launchByFork(options);
    clearTimeout(this.#timer);
    const { calmMs = 100 } = this.#options;
    if (!this.#closed) this.#timer = setTimeout(() => this.#fork(), calmMs).unref();
    return child;
  };

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#waiting?.kill('SIGKILL');
    this.#waiting = undefined;
  }

  #take(options: LaunchOptions): ChildProcess | undefined {
    const child = this.#waiting;
    if (child === undefined) return undefined;
    const script = scriptOf(options);
    if (script === undefined) return undefined;
    this.#waiting = undefined;
    child.removeAllListeners();
    child.stdin?.end(script);
    child.ref();
    return child;
  }

  #fork(): void {
    if (this.#waiting !== undefined || !shellIsExact()) return;
    // Its own environment is empty, so that the program's is what the script says and nothing else. The last word is
    // for people who look at the processes.
    const child = spawn(shell, ['-s', 'pidnap-spare'], {
      cwd: '/',
      env: {},
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    child.unref();
    (child.stdin as Socket).unref();
    // Whoever killed it will also have killed its pipe; the next start is by a fork.
    child.stdin?.on('error', () => {});
    child.on('error', () => {});
    const { pid } = child;
    if (pid === undefined) return;
    this.#waiting = child;
    this.#options.onFork?.(pid);
    child.on('exit', () => {
      if (this.#waiting === child) this.#waiting = undefined;
      this.#options.onEnd?.(pid);
    });
  }
}

/** dash passes on exactly what it is told. Other shells add variables of their own, such as `_` and SHLVL. */
let isDash: boolean | undefined;
function shellIsExact(): boolean {
  try {
    isDash ??= basename(realpathSync(shell)) === 'dash';
  } catch {
    isDash = false;
  }
  return isDash;
}

/** @returns `undefined` for what only a fork can do, or fails at with an error that tells why */
function scriptOf({ argv, cwd, env, user, paths }: LaunchOptions): string | undefined {
  if (paths === undefined || user !== null || !canExecute(argv[0], cwd, env.PATH)) return undefined;
  const variables = Object.entries(env);
  if (variables.some(([name]) => unfit.test(name))) return undefined;
  const script = [
    `cd ${quote(cwd)} || exit 127`,
    ...variables.map(([name, value]) => `export ${name}=${quote(value)}`),
    `exec ${argv.map(quote).join(' ')} </dev/null >${quote(paths[0])} 2>${quote(paths[1])}`,
    '',
  ].join('\n');
  return script.includes('\0') || Buffer.byteLength(script) > maxScriptBytes ? undefined : script;
}

function canExecute(command: string, cwd: string, path: string | undefined): boolean {
  if (!cwd.startsWith('/') || (!command.includes('/') && path === undefined)) return false;
  const files = command.includes('/')
    ? [resolve(cwd, command)]
    : (path ?? '').split(':').map((dir) => resolve(cwd, dir, command));
  try {
    return statSync(cwd).isDirectory() && files.some(isExecutable);
  } catch {
    return false;
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
