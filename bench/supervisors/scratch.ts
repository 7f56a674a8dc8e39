import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Service } from './adapter.js';
import { readStarts } from './marker.js';
import type { Payload } from './payload/build-payload.js';

/** A directory for one measurement after another; removed on dispose. */
export class Scratch implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'supervisor-bench-'));
  #count = 0;

  next(): string {
    this.#count += 1;
    const directory = join(this.root, `${this.#count}`);
    mkdirSync(directory);
    return directory;
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

export interface MarkedService extends Service {
  readonly marker: string;
}

/** Services that sleep and note each start in a marker file. */
export function sleepingServices(directory: string, payload: Payload, count: number): MarkedService[] {
  return Array.from({ length: count }, (_, index) => {
    const marker = join(directory, `marker-${index}`);
    return { name: `service-${index}`, argv: [payload.service, marker], marker };
  });
}

/** The pids of the last start of each service. */
export function currentPids(services: readonly MarkedService[]): number[] {
  return services.flatMap(({ marker }) => readStarts(marker).at(-1)?.pid ?? []);
}
