import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '../src/client/create-client.js';
import { isPidnapError } from '../src/pidnap-error.js';
import type { PidnapApi } from '../src/protocol/api.js';
import type { ChaosRandom } from './chaos-random.js';
import type { ChaosService, ChaosWorld } from './chaos-world.js';

type Action = () => void | Promise<void>;

/** Does to a manager what users, kernels and editors do, as the random numbers say. */
export class ChaosActions {
  readonly #world: ChaosWorld;
  readonly #random: ChaosRandom;
  readonly #client: PidnapApi;
  /** Commands for one service go one after the other, so that the last one asked for is the last one heard. */
  readonly #chains = new Map<string, Promise<void>>();
  readonly counts = new Map<string, number>();
  #version = 0;

  constructor(world: ChaosWorld, random: ChaosRandom) {
    this.#world = world;
    this.#random = random;
    this.#client = createClient({ socketPath: world.socketPath });
  }

  /** Acts until the time is up, then waits for what is under way. */
  async run(durationMs: number): Promise<void> {
    const end = performance.now() + durationMs;
    while (performance.now() < end) {
      this.#act();
      await sleep(this.#random.between(0, 120));
    }
    await this.settled();
  }

  async settled(): Promise<void> {
    await Promise.all(this.#chains.values());
  }

  #act(): void {
    const service = this.#random.pick(this.#world.services as [ChaosService, ...ChaosService[]]);
    const { name } = service;
    const tell =
      (command: string): Action =>
      () =>
        this.#world.tell(name, command);
    const actions: Record<string, readonly [number, string, Action]> = {
      crash: [20, name, tell(`crash ${this.#random.between(1, 9)}`)],
      flood: [20, name, tell(`flood ${this.#random.between(100, 6_000)}`)],
      escape: [4, name, tell('escape')],
      kill: [
        15,
        `kill ${name}`,
        () => this.#kill(name, this.#random.pick(['SIGKILL', 'SIGSEGV', 'SIGABRT'])),
      ],
      stop: [8, name, () => this.#ask(service, 'stop')],
      start: [16, name, () => this.#ask(service, 'start')],
      restart: [8, name, () => this.#ask(service, 'restart')],
      env: [10, 'global.env', () => this.#rewriteEnv(this.#world.globalEnvFile, 'GLOBAL')],
      ownEnv: [10, `${name}.env`, () => this.#rewriteEnv(this.#world.ownEnvFile(name), 'OWN')],
      reload: [4, 'reload', () => this.#reload(service)],
      badReload: [2, 'reload', () => this.#badReload()],
    };
    const picked = this.#random.weighted(Object.entries(actions).map(([key, [weight]]) => [key, weight]));
    const [, chain, action] = actions[picked] ?? [0, name, () => {}];
    this.counts.set(picked, (this.counts.get(picked) ?? 0) + 1);
    this.#chains.set(chain, (this.#chains.get(chain) ?? Promise.resolve()).then(action));
  }

  async #kill(name: string, signal: NodeJS.Signals): Promise<void> {
    const { pid } = await this.#client.processes.get(name);
    if (pid === null) return;
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  async #ask(service: ChaosService, verb: 'start' | 'stop' | 'restart'): Promise<void> {
    service.wanted = verb === 'stop' ? 'stopped' : 'running';
    await this.#client.processes[verb](service.name);
  }

  /** The ways in which people and tools write a file, good and bad. */
  async #rewriteEnv(file: string, key: string): Promise<void> {
    this.#version += 1;
    const content = `# written by the chaos test\n${key}=${this.#version}\nMORE="two\nlines"\n`;
    const pause = (): Promise<void> => sleep(this.#random.between(0, 40));
    const way = this.#random.pick(['rename', 'inPlace', 'torn', 'delete', 'invalid']);
    if (way === 'rename') this.#world.writeAtomically(file, content);
    else if (way === 'inPlace') writeFileSync(file, content);
    else if (way === 'invalid') writeFileSync(file, `${content}BROKEN="never closed\n`);
    else if (way === 'delete') {
      rmSync(file, { force: true });
      await pause();
      writeFileSync(file, content);
    } else {
      writeFileSync(file, content);
      truncateSync(file, 0);
      await pause();
      const middle = this.#random.between(1, content.length - 1);
      writeFileSync(file, content.slice(0, middle));
      await pause();
      writeFileSync(file, content.slice(middle), { flag: 'a' });
    }
  }

  async #reload(service: ChaosService): Promise<void> {
    if (this.#random.next() < 0.3) this.#world.keep += 1;
    else service.revision += 1;
    this.#world.writeConfig();
    await this.#client.reload();
  }

  async #badReload(): Promise<void> {
    const broken = { ...this.#world.config(), processes: { 'no-command': {} } };
    this.#world.writeAtomically(this.#world.configFile, JSON.stringify(broken));
    const refusal = await this.#client.reload().catch((error: unknown) => error);
    this.#world.writeConfig();
    if (!isPidnapError(refusal) || refusal.code !== 'config-invalid') {
      throw new Error('an invalid configuration was not refused', { cause: refusal });
    }
  }
}
