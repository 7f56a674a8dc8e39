import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type Docker from 'dockerode';
import { extract, type Pack, pack } from 'tar-stream';
import * as z from 'zod';

const progressLine = z.object({
  stream: z.string().optional(),
  status: z.string().optional(),
  id: z.string().optional(),
  error: z.string().optional(),
});

/**
 * Builds a Dockerfile with the files of some tar archives.
 *
 * @param onLog Receives the engine's output.
 * @throws Error with the engine's own message
 */
export async function buildImage(
  docker: Docker,
  options: {
    dockerfile: string;
    contexts: readonly Readable[];
    tag: string;
    onLog: (text: string) => Promise<void>;
  },
): Promise<void> {
  const context = pack();
  const packing = packContext(context, options.dockerfile, options.contexts);
  packing.catch((error) => context.destroy(error));
  const progress = await docker.buildImage(Readable.from(context, { objectMode: false }), {
    t: options.tag,
    rm: true,
    forcerm: true,
  });
  await readProgress(progress, options.onLog);
  await packing;
}

/** How the engine logs in to a registry. */
export interface RegistryLogin {
  username: string;
  password: string;
}

/** Pulls an image. @throws Error with the engine's own message */
export async function pullImage(
  docker: Docker,
  image: string,
  { login, onLog }: { login: RegistryLogin | undefined; onLog: (text: string) => Promise<void> },
): Promise<void> {
  await readProgress(await docker.pull(image, login === undefined ? {} : { authconfig: login }), onLog);
}

async function readProgress(
  progress: NodeJS.ReadableStream,
  onLog: (text: string) => Promise<void>,
): Promise<void> {
  for await (const line of createInterface({ input: progress })) {
    if (line === '') continue;
    const event = progressLine.parse(JSON.parse(line));
    if (event.error !== undefined) {
      await onLog(`${event.error}\n`);
      throw new Error(event.error);
    }
    if (event.stream !== undefined) await onLog(event.stream);
    else if (event.status !== undefined)
      await onLog(`${event.id === undefined ? '' : `${event.id}: `}${event.status}\n`);
  }
}

async function packContext(target: Pack, dockerfile: string, contexts: readonly Readable[]): Promise<void> {
  target.entry({ name: 'Dockerfile' }, dockerfile);
  for (const context of contexts) {
    for await (const entry of context.pipe(extract())) {
      // The one in the context is the one that `dockerfile` was made from.
      if (entry.header.name === 'Dockerfile') entry.resume();
      else await pipeline(entry, target.entry(entry.header));
    }
  }
  target.finalize();
}
