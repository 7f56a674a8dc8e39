import type { Capabilities } from './capabilities.js';
import { Connection } from './connection.js';
import type { Driver } from './driver.js';
import { unsupported } from './sandbox.js';
import { SandboxError } from './sandbox-error.js';
import { sandboxSpecSchema, type ValidSandboxSpec } from './sandbox-spec.js';
import { type Schema, validate } from './schema.js';

/** What a provider's author writes. */
export interface ProviderDefinition<Name extends string, ConfigInput, Config, ExtraInput, Extra> {
  /** Driver id, package suffix and key of `spec.provider`. */
  readonly name: Name;
  /** How to reach it: addresses, credentials. */
  readonly configSchema: Schema<ConfigInput, Config>;
  /** Its own options of a sandbox, under `spec.provider.<name>`. */
  readonly extraSchema: Schema<ExtraInput, Extra>;
  readonly capabilities: Capabilities;
  /** Opens a connection. Rejects with `ProviderUnavailable` when nothing answers. */
  readonly connect: (config: Config) => Promise<Driver<Extra>>;
}

/** A kind of sandbox, ready to connect. */
export interface Provider<Name extends string, ConfigInput, ExtraInput> {
  readonly name: Name;
  readonly capabilities: Capabilities;
  /** @throws SandboxError `InvalidSpec` for the config, `ProviderUnavailable` */
  connect(config: ConfigInput): Promise<Connection<Name, ExtraInput>>;
}

/**
 * Makes a provider out of a driver: validation at the edge, and {@link Sandbox} on top.
 *
 * @example
 * export const docker = defineProvider({ name: 'docker', configSchema, extraSchema, capabilities, connect });
 * await using connection = await docker.connect({});
 * await using sandbox = await connection.create({ image: 'debian:bookworm-slim' });
 */
export function defineProvider<const Name extends string, ConfigInput, Config, ExtraInput, Extra>(
  definition: ProviderDefinition<Name, ConfigInput, Config, ExtraInput, Extra>,
): Provider<Name, ConfigInput, ExtraInput> {
  const { name, capabilities, extraSchema } = definition;
  return {
    name,
    capabilities,
    async connect(config) {
      const driver = await definition.connect(
        await validate(definition.configSchema, config, `${name} config`),
      );
      return new Connection({
        provider: name,
        capabilities,
        driver,
        async create(input, options) {
          const spec = await validate(sandboxSpecSchema, input, 'sandbox spec');
          const extra = await validate(
            extraSchema,
            spec.provider[name] ?? {},
            `sandbox spec, provider.${name}`,
          );
          requireCapabilities(name, capabilities, spec);
          if (options.signal?.aborted === true)
            throw new SandboxError('Aborted', 'Aborted before the sandbox was created.', {
              operation: 'create',
            });
          return driver.create(spec, extra, options);
        },
      });
    },
  };
}

function requireCapabilities(provider: string, capabilities: Capabilities, spec: ValidSandboxSpec): void {
  const limited = Object.values(spec.resources).some((limit) => limit !== undefined);
  if (limited && !capabilities.resources) throw unsupported(provider, 'resources');
  if (spec.ttlMs !== undefined && !capabilities.expiry) throw unsupported(provider, 'expiry');
}
