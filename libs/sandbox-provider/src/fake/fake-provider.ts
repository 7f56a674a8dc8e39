import * as z from 'zod';
import { CAPABILITIES, type Capabilities, type Capability } from '../capabilities.js';
import { defineProvider, type Provider } from '../define-provider.js';
import type { Driver, ImageInfo, ListFilter, SandboxInfo } from '../driver.js';
import { SandboxError } from '../sandbox-error.js';
import { basicPrograms } from './basic-programs.js';
import type { FakePrograms } from './fake-program.js';
import { type FakeImage, FakeSandbox } from './fake-sandbox.js';

/** What a fake is made of. */
export interface FakeOptions {
  /** Programs beside the basic ones. */
  readonly programs?: FakePrograms;
  /** Images by their reference. @default one called `fake`, whose main process sleeps */
  readonly images?: Readonly<Record<string, FakeImage>>;
  /** What it declares not to have. `resources` is never there: nothing in memory can be limited. */
  readonly without?: readonly Capability[];
}

const emptyOptions = z.strictObject({});

/** The fake has no options of its own. */
export type EmptyOptions = z.input<typeof emptyOptions>;

/**
 * A whole provider in memory, for tests of what is built on sandboxes: no engine, no containers, real ports on
 * loopback. Programs are functions. It passes the same conformance suite as the real ones.
 *
 * @example
 * const fake = createFakeProvider({ programs: { greet: async ({ stdout }) => (await stdout('hello\n'), 0) } });
 * await using connection = await fake.connect({});
 * await using sandbox = await connection.create({ image: 'fake' });
 * (await sandbox.exec(['greet'])).stdout; // 'hello\n'
 */
export function createFakeProvider(options: FakeOptions = {}): Provider<'fake', EmptyOptions, EmptyOptions> {
  const without = new Set<Capability>([...(options.without ?? []), 'resources']);
  const capabilities = Object.fromEntries(
    CAPABILITIES.map((capability) => [capability, !without.has(capability)]),
  ) as Capabilities;
  const images = new Map<string, FakeImage>(
    Object.entries(options.images ?? { fake: { command: ['idle'] } }),
  );
  const sandboxes = new Map<string, FakeSandbox>();
  const programs = { ...basicPrograms, ...options.programs };
  return defineProvider({
    name: 'fake',
    configSchema: emptyOptions,
    extraSchema: emptyOptions,
    capabilities,
    connect: async () => fakeDriver(programs, images, sandboxes),
  });
}

function fakeDriver(
  programs: FakePrograms,
  images: Map<string, FakeImage>,
  sandboxes: Map<string, FakeSandbox>,
): Driver<EmptyOptions> {
  const byName = (name: string) => [...sandboxes.values()].find((sandbox) => sandbox.name === name);
  return {
    async create(spec, _extra, { signal, onEvent }) {
      const image = images.get(spec.image);
      if (image === undefined)
        throw new SandboxError('ImageNotFound', `The fake has no image ${spec.image}.`, {
          image: spec.image,
        });
      const same = [...sandboxes.values()].find(
        (sandbox) => spec.idempotencyKey !== undefined && sandbox.spec.idempotencyKey === spec.idempotencyKey,
      );
      if (same !== undefined) return same;
      if (spec.name !== undefined && byName(spec.name) !== undefined)
        throw new SandboxError('Conflict', `The name ${spec.name} is in use.`, { subject: spec.name });
      const sandbox = new FakeSandbox(spec, image, {
        programs,
        onDestroy: () => sandboxes.delete(sandbox.id),
        onSnapshot(name, snapshot) {
          images.set(`fake-snapshot:${name}`, snapshot);
          return `fake-snapshot:${name}`;
        },
      });
      sandboxes.set(sandbox.id, sandbox);
      onEvent?.({ step: 'starting' });
      await sandbox.start();
      if (signal?.aborted === true) {
        await sandbox.destroy();
        throw new SandboxError('Aborted', 'Aborted while the sandbox was created.', { operation: 'create' });
      }
      return sandbox;
    },
    async get(id) {
      const sandbox = sandboxes.get(id) ?? byName(id);
      if (sandbox === undefined)
        throw new SandboxError('SandboxNotFound', `There is no sandbox ${id}.`, { id });
      return sandbox;
    },
    async *list({ labels = {}, states }: ListFilter): AsyncGenerator<SandboxInfo> {
      for (const sandbox of [...sandboxes.values()]) {
        const info = sandbox.snapshotInfo();
        const labelled = Object.entries(labels).every(([key, value]) => info.labels[key] === value);
        if (labelled && (states === undefined || states.includes(info.state))) yield info;
      }
    },
    images: {
      has: async (reference) => images.has(reference),
      list: async ({ labels = {} } = {}) =>
        [...images]
          .filter(([, image]) =>
            Object.entries(labels).every(([key, value]) => image.labels?.[key] === value),
          )
          .map(
            ([id, image]): ImageInfo => ({
              id,
              tags: [id],
              labels: image.labels ?? {},
              sizeBytes: 0,
              createdAt: new Date(0),
            }),
          ),
      async remove(reference) {
        if ([...sandboxes.values()].some(({ spec }) => spec.image === reference))
          throw new SandboxError('Conflict', `A sandbox uses the image ${reference}.`, {
            subject: reference,
          });
        images.delete(reference);
      },
    },
    ping: async () => ({ version: 'fake', latencyMs: 0 }),
    dispose: async () => undefined,
  };
}
