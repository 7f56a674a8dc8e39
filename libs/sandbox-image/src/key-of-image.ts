import { createDockerCli } from './docker-cli.js';
import { type ImageInputOptions, parseInputOptions } from './image-options.js';
import { planImage } from './image-plan.js';

/** The key that the image of a ref, or of the working tree, has or would have. Builds nothing. */
export async function keyOfImage(options: ImageInputOptions): Promise<string> {
  const input = parseInputOptions(options);
  await using plan = await planImage(createDockerCli(input.signal ? { signal: input.signal } : {}), input);
  return plan.key;
}
