import { createDockerCli } from './docker-cli.js';

/** One line of a Dockerfile as it is in an image. */
export interface ImageLayer {
  /** The instruction. */
  instruction: string;
  /** Bytes it adds. */
  size: number;
}

/** What an image is made of, the base first. */
export async function imageLayers(id: string, signal?: AbortSignal): Promise<ImageLayer[]> {
  const history = await createDockerCli(signal ? { signal } : {}).text([
    ...['history', '--no-trunc', '--human=false', '--format', '{{json .}}'],
    id,
  ]);
  return history
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { CreatedBy?: string; Size?: string })
    .map(({ CreatedBy, Size }) => ({
      instruction: (CreatedBy ?? '').replace(/^\/bin\/sh -c #\(nop\)\s+/, '').replace(/ # buildkit$/, ''),
      size: Number(Size ?? 0),
    }))
    .reverse();
}
