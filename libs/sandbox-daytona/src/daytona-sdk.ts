import {
  ConfigApi,
  Configuration,
  DockerRegistryApi,
  SandboxApi,
  type Sandbox as SandboxDto,
  type SnapshotDto,
  SnapshotsApi,
} from '@daytona/api-client';
import { Daytona, type Sandbox } from '@daytonaio/sdk';

export type { Sandbox as DaytonaHandle } from '@daytonaio/sdk';

/** What both a look-up and a list tell of a sandbox. */
export type SandboxFacts = Pick<
  SandboxDto,
  | 'id'
  | 'name'
  | 'state'
  | 'snapshot'
  | 'labels'
  | 'createdAt'
  | 'autoDestroyAt'
  | 'errorReason'
  | 'lastActivityAt'
>;

export type { SandboxDto, SnapshotDto };

/** How to reach the service. */
export interface DaytonaAccess {
  apiUrl: string;
  apiKey: string;
  target: string;
}

/** Limit of one call to the API. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Limit of one call to what runs inside: an upload is one call. */
const LONG_REQUEST_TIMEOUT_MS = 30 * 60_000;

/**
 * Everything of the SDK that the driver uses, in the one file that imports it.
 *
 * Creating and waiting go through the generated clients: the SDK's own loops have no abort, end at the
 * first 429 or 502 and, for snapshots, never end in some states. What runs inside goes through the SDK.
 */
export class DaytonaSdk implements AsyncDisposable {
  readonly access: DaytonaAccess;
  readonly sandboxes: SandboxApi;
  readonly snapshots: SnapshotsApi;
  readonly config: ConfigApi;
  readonly registries: DockerRegistryApi;
  readonly #daytona: Daytona;

  constructor(access: DaytonaAccess) {
    this.access = access;
    const configuration = new Configuration({
      basePath: access.apiUrl,
      baseOptions: { headers: this.headers, timeout: REQUEST_TIMEOUT_MS },
    });
    this.sandboxes = new SandboxApi(configuration);
    this.snapshots = new SnapshotsApi(configuration);
    this.config = new ConfigApi(configuration);
    this.registries = new DockerRegistryApi(configuration);
    // All three are passed, so that the SDK takes nothing from the environment or a .env file. Its
    // event socket stays closed: the driver polls, and the socket's timers would keep the process alive.
    this.#daytona = new Daytona({
      ...access,
      useDeprecatedPolling: true,
      requestTimeoutMs: LONG_REQUEST_TIMEOUT_MS,
    });
  }

  get headers(): Record<string, string> {
    return { Authorization: `Bearer ${this.access.apiKey}` };
  }

  /** A handle for what runs inside. */
  sandbox(id: string): Promise<Sandbox> {
    return this.#daytona.get(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daytona[Symbol.asyncDispose]();
  }
}
