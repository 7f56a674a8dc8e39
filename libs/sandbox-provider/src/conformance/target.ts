import type { Connection, SpecFor } from '../connection.js';
import type { Provider } from '../define-provider.js';
import type { Sandbox } from '../sandbox.js';
import type { ConformanceCommands } from './commands.js';

/** A provider to be checked. */
export interface ConformanceTarget<
  Name extends string = string,
  ConfigInput = unknown,
  ExtraInput = unknown,
> {
  readonly provider: Provider<Name, ConfigInput, ExtraInput>;
  readonly config: ConfigInput;
  /** An image that exists; see {@link ConformanceCommands} for what must be in it. */
  readonly image: string;
  /** A reference of which no image exists. */
  readonly missingImage: string;
  /** Replaces commands that the image does not have in their POSIX form. */
  readonly commands?: Partial<ConformanceCommands>;
  /** Options of the provider for each sandbox. */
  readonly extra?: ExtraInput;
  /** For each check. @default 60000 */
  readonly timeoutMs?: number;
}

/** What a check works with. */
export interface CheckContext {
  readonly connection: Connection;
  readonly commands: ConformanceCommands;
  readonly target: ConformanceTarget;
  /** A sandbox that all checks share, for those which leave it as it was; it publishes port 8080. */
  readonly shared: Sandbox;
  /** A sandbox of the check's own, destroyed after it. Its main process idles unless told otherwise. */
  create(spec?: Partial<SpecFor<string, unknown>>): Promise<Sandbox>;
  /** The spec that `create` would use, for checks that call the connection themselves. */
  spec(changes?: Partial<SpecFor<string, unknown>>): SpecFor<string, unknown>;
  /** Opens another connection, closed after the check. */
  connect(): Promise<Connection>;
  /** Label that every sandbox of this run carries. */
  readonly runLabel: Readonly<Record<string, string>>;
}

/** One promise of the contract. */
export interface ConformanceCheck {
  readonly name: string;
  /** Only for a provider that declares it; `not` checks one that does not. */
  readonly capability?: import('../capabilities.js').Capability;
  readonly undeclared?: boolean;
  run(context: CheckContext): Promise<void>;
}
