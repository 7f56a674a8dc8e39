import type { ProcessInput } from '@iterate/sandbox-provider';
import type { Inside } from './inside.js';
import { withRetry } from './retry.js';
import type { SessionCommand } from './session-command.js';
import { spawnDirectory } from './spawn-script.js';

/**
 * The input of a process that runs by the spawn script: it goes in as files, whose numbers are written to the command;
 * a number that arrives twice counts once. One call is under way at a time, so that none overtakes another.
 *
 * @param ended Whether the process reads no more.
 */
export function processInput(
  inside: Inside,
  command: SessionCommand,
  mark: string,
  ended: () => boolean,
): ProcessInput {
  const directory = spawnDirectory(mark);
  let next = 0;
  let last: Promise<void> = Promise.resolve();
  const inOrder = (call: () => Promise<void>): Promise<void> => {
    const result = last.then(call);
    last = result.catch(() => undefined);
    return result;
  };
  const requireReader = () => {
    if (ended()) throw new Error('the process has ended and reads no more');
  };
  const send = async (line: string) => {
    try {
      await command.input(`${line}\n`);
    } catch (error) {
      requireReader();
      throw error;
    }
  };
  return {
    write(chunk) {
      const name = String(next);
      next += 1;
      return inOrder(async () => {
        requireReader();
        const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
        await inside.call('write to a command', ({ fs }) =>
          withRetry(() => fs.uploadFile(bytes, `${directory}/${name}`)),
        );
        await send(name);
      });
    },
    end: () =>
      inOrder(async () => {
        if (!ended()) await send('end');
      }),
  };
}
