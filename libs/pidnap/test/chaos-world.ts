import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PidnapConfig, ProcessConfig } from '../src/config/config.js';

const script = fileURLToPath(new URL('chaos-service.sh', import.meta.url));

/** What one service is configured as; the parts that reloads change are mutable. */
export interface ChaosService {
  readonly name: string;
  readonly restart: 'always' | 'on-failure';
  readonly reloadDelay: number | boolean;
  readonly ownEnvFile: boolean;
  readonly onTerm: 'polite' | 'deaf' | 'plain';
  /** Changed by a reload, visible in the environment. */
  revision: number;
  /** What was last asked for. */
  wanted: 'running' | 'stopped';
}

/** Directory, configuration and env files of one chaos run. */
export class ChaosWorld implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'pidnap-chaos-'));
  readonly configFile = join(this.dir, 'pidnap.config.json');
  readonly socketPath = join(this.dir, 'api');
  readonly globalEnvFile = join(this.dir, 'global.env');
  readonly services: ChaosService[];
  /** Global variable of the log settings, changed by reloads that restart nothing. */
  keep = 900;

  constructor(count: number) {
    this.services = Array.from({ length: count }, (_, index) => ({
      name: `service-${String(index).padStart(2, '0')}`,
      restart: index % 5 === 4 ? 'on-failure' : 'always',
      reloadDelay: ([true, 100, 400, false] as const)[index % 4] ?? true,
      ownEnvFile: index % 3 === 0,
      onTerm: (['plain', 'polite', 'deaf', 'plain', 'polite'] as const)[index % 5] ?? 'plain',
      revision: 0,
      wanted: 'running',
    }));
    execFileSync(
      'mkfifo',
      this.services.map(({ name }) => this.#control(name)),
    );
    this.writeAtomically(this.globalEnvFile, 'GLOBAL=0\n');
    this.writeConfig();
  }

  ownEnvFile(name: string): string {
    return join(this.dir, `${name}.env`);
  }

  writeConfig(): void {
    this.writeAtomically(this.configFile, JSON.stringify(this.config()));
  }

  config(): PidnapConfig {
    return {
      http: { socket: this.socketPath },
      logDir: join(this.dir, 'logs'),
      envFile: this.globalEnvFile,
      env: { CHAOS_DIR: this.dir },
      logs: { maxBytes: 300_000, keep: this.keep },
      processes: Object.fromEntries(this.services.map((service) => [service.name, this.#process(service)])),
    };
  }

  /** A command for the running service; none when nobody reads, or no longer. */
  tell(name: string, command: string): void {
    let fd: number | undefined;
    try {
      fd = openSync(this.#control(name), constants.O_WRONLY | constants.O_NONBLOCK);
      writeSync(fd, `${command}\n`);
    } catch (error) {
      if (!['ENXIO', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }

  writeAtomically(file: string, content: string): void {
    writeFileSync(`${file}.new`, content);
    renameSync(`${file}.new`, file);
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  #control(name: string): string {
    return join(this.dir, `control.${name}`);
  }

  #process(service: ChaosService): ProcessConfig {
    const looping = service.name.endsWith('7');
    return {
      command: ['/bin/sh', script, service.onTerm],
      env: { CHAOS_NAME: service.name, REVISION: String(service.revision) },
      envOptions: {
        reloadDelay: service.reloadDelay,
        ...(service.ownEnvFile && { envFile: this.ownEnvFile(service.name) }),
      },
      restart: service.restart,
      backoff: { initial: service.name.endsWith('1') ? 0 : 20, max: 300 },
      minUptime: 1_000,
      crashLoop: looping ? { failures: 4, window: 10_000, retryEvery: 700 } : false,
      stopTimeout: 400,
    };
  }
}
