/**
 * What a provider can do beyond the required core. Capabilities are data: the conformance suite runs
 * what is declared and checks that what is not declared throws `Unsupported`.
 */
export const CAPABILITIES = [
  /** `pause` and `resume`: processes keep their memory. */
  'pause',
  /** `snapshot`: the file system becomes an image that `create` accepts. */
  'snapshot',
  /** `stats`: CPU, memory, network and process counts. */
  'stats',
  /** `setLabels` on a sandbox that exists. */
  'setLabels',
  /** `ttlMs` at create and `extend`: the sandbox has an expiry. */
  'expiry',
  /** `spec.resources` is enforced. */
  'resources',
  /** `spawn({ tty })` with `resize`. */
  'tty',
  /** `spawn().stdin`. */
  'stdin',
  /** `images.*`. */
  'images',
] as const;

/** One of {@link CAPABILITIES}. */
export type Capability = (typeof CAPABILITIES)[number];

/** A value for every capability, so that a new one cannot be forgotten by a driver. */
export type Capabilities = Readonly<Record<Capability, boolean>>;
