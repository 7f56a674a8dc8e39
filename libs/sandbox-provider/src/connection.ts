import type { Capabilities } from './capabilities.js';
import type { CreateEvent, Driver, DriverImages, DriverSandbox, ListFilter, SandboxInfo } from './driver.js';
import { Sandbox, unsupported } from './sandbox.js';
import type { SandboxSpec } from './sandbox-spec.js';

/** A {@link SandboxSpec} whose `provider` knows the options of the provider it is for. */
export type SpecFor<Name extends string, ExtraInput> = Omit<SandboxSpec, 'provider'> & {
  provider?: { [K in Name]?: ExtraInput } & Record<string, unknown>;
};

/** How to create. */
export interface CreateOptions {
  /** Stops the creation; nothing of it stays behind. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: CreateEvent) => void;
}

/** An open connection to a provider. Disposing it closes sockets; the sandboxes live on. */
export class Connection<Name extends string = string, ExtraInput = unknown> implements AsyncDisposable {
  readonly provider: Name;
  readonly capabilities: Capabilities;
  readonly #create: (spec: SpecFor<Name, ExtraInput>, options: CreateOptions) => Promise<DriverSandbox>;
  readonly #driver: Omit<Driver, 'create'>;

  /** @param options.create Validates the spec and creates with the driver. */
  constructor(options: {
    provider: Name;
    capabilities: Capabilities;
    driver: Omit<Driver, 'create'>;
    create: (spec: SpecFor<Name, ExtraInput>, options: CreateOptions) => Promise<DriverSandbox>;
  }) {
    this.provider = options.provider;
    this.capabilities = options.capabilities;
    this.#driver = options.driver;
    this.#create = options.create;
  }

  /**
   * Creates and starts a sandbox.
   *
   * @throws SandboxError `InvalidSpec`, `ImageNotFound`, `Conflict` for a name in use, `PortInUse`, `Aborted`
   */
  async create(spec: SpecFor<Name, ExtraInput>, options: CreateOptions = {}): Promise<Sandbox> {
    return this.#wrap(await this.#create(spec, options), true);
  }

  /** @param id An id or a name. @throws SandboxError `SandboxNotFound` */
  async get(id: string): Promise<Sandbox> {
    return this.#wrap(await this.#driver.get(id), false);
  }

  /** Every sandbox that matches, page by page as it is read. */
  list(filter: ListFilter = {}): AsyncIterable<SandboxInfo> {
    return this.#driver.list(filter);
  }

  /** Image operations. @throws SandboxError `Unsupported` */
  get images(): DriverImages {
    if (!this.capabilities.images || this.#driver.images === undefined)
      throw unsupported(this.provider, 'images');
    return this.#driver.images;
  }

  /** @throws SandboxError `ProviderUnavailable` */
  /**
   * Makes ahead of `create` what takes a moment and every sandbox needs, while the caller still decides on the rest.
   * Not necessary: `create` makes what is missing. What no sandbox uses in the end is taken back on disposal.
   */
  async prepare(): Promise<void> {
    await this.#driver.prepare?.();
  }

  ping(): Promise<{ version: string; latencyMs: number }> {
    return this.#driver.ping();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#driver.dispose();
  }

  #wrap(driver: DriverSandbox, owned: boolean): Sandbox {
    return new Sandbox(driver, { provider: this.provider, capabilities: this.capabilities, owned });
  }
}
