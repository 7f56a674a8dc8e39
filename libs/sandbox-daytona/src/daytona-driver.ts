import type {
  CreateEvent,
  Driver,
  DriverImages,
  DriverSandbox,
  ListFilter,
  SandboxInfo,
  ValidSandboxSpec,
} from '@iterate/sandbox-provider';
import { createSandbox } from './create-sandbox.js';
import { guarded, sandboxNotFound } from './daytona-error.js';
import type { DaytonaExtra } from './daytona-extra.js';
import { daytonaImages } from './daytona-images.js';
import { DaytonaSandbox, describe } from './daytona-sandbox.js';
import type { DaytonaSdk } from './daytona-sdk.js';
import { Inside } from './inside.js';
import { withRetry } from './retry.js';
import { OWNED_LABEL } from './sandbox-labels.js';
import { SnapshotClient } from './snapshot-client.js';

const PAGE = 100;
const DISPOSE_TIMEOUT_MS = 10_000;

/** Sandboxes of one Daytona organization. */
export class DaytonaDriver implements Driver<DaytonaExtra> {
  readonly images: DriverImages;
  readonly #sdk: DaytonaSdk;
  readonly #snapshots: SnapshotClient;
  readonly #background = new Set<Promise<void>>();

  constructor(sdk: DaytonaSdk) {
    this.#sdk = sdk;
    this.#snapshots = new SnapshotClient(sdk);
    this.images = daytonaImages(sdk, this.#snapshots);
  }

  create(
    spec: ValidSandboxSpec,
    extra: DaytonaExtra,
    options: { signal?: AbortSignal; onEvent?: (event: CreateEvent) => void },
  ): Promise<DriverSandbox> {
    const parts = { sdk: this.#sdk, snapshots: this.#snapshots, background: this.#background };
    const operation = 'create a sandbox';
    return guarded({ operation, endpoint: this.#sdk.access.apiUrl, signal: options.signal }, () =>
      createSandbox(parts, spec, extra, options),
    );
  }

  async get(id: string): Promise<DriverSandbox> {
    return guarded(
      { operation: 'look up a sandbox', endpoint: this.#sdk.access.apiUrl, sandbox: id },
      async () => {
        const { data } = await withRetry(() => this.#sdk.sandboxes.getSandbox(id));
        if (data.labels[OWNED_LABEL] === undefined || data.state === 'destroyed') throw sandboxNotFound(id);
        return new DaytonaSandbox(this.#inside(data.id));
      },
    );
  }

  async *list({ labels = {}, states }: ListFilter): AsyncGenerator<SandboxInfo> {
    const filter = JSON.stringify({ ...labels, [OWNED_LABEL]: '1' });
    let cursor: string | undefined;
    do {
      const { data } = await guarded({ operation: 'list sandboxes', endpoint: this.#sdk.access.apiUrl }, () =>
        withRetry(() =>
          this.#sdk.sandboxes.listSandboxes(undefined, cursor, PAGE, undefined, undefined, filter),
        ),
      );
      for (const dto of data.items) {
        if (dto.state === 'destroyed') continue;
        const info = await describe(this.#inside(dto.id), dto);
        if (states === undefined || states.includes(info.state)) yield info;
      }
      cursor = data.nextCursor ?? undefined;
    } while (cursor !== undefined);
  }

  async ping(): Promise<{ version: string; latencyMs: number }> {
    const startedAt = performance.now();
    return guarded({ operation: 'reach Daytona', endpoint: this.#sdk.access.apiUrl }, async () => {
      const { data } = await withRetry(() => this.#sdk.config.configControllerGetConfig(), { attempts: 3 });
      const latencyMs = performance.now() - startedAt;
      // The configuration is public on the service; this asks with the key.
      await withRetry(() => this.#sdk.snapshots.getAllSnapshots(undefined, 1, 1));
      return { version: data.version, latencyMs };
    });
  }

  /** Lets the endings under way finish, then closes. */
  async dispose(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, DISPOSE_TIMEOUT_MS);
    });
    await Promise.race([Promise.all(this.#background), limit]);
    clearTimeout(timer);
    await this.#sdk[Symbol.asyncDispose]();
  }

  #inside(id: string): Inside {
    return new Inside(this.#sdk, id, this.#background);
  }
}
