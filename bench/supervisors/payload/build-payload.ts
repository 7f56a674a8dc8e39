import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';

export interface Payload {
  /** `service MARKER` */
  readonly service: string;
  /** `flood MARKER LINES LENGTH` */
  readonly flood: string;
}

/**
 * Compiles the programs that are supervised. They are C so that they start in a fraction of a millisecond and
 * stamp the monotonic clock themselves: the figures are then the supervisor's, not an interpreter's.
 */
export async function buildPayload(directory: string): Promise<Payload> {
  mkdirSync(directory, { recursive: true });
  const compile = async (name: string): Promise<string> => {
    const output = join(directory, name);
    await execa('cc', ['-O2', '-Wall', '-o', output, join(import.meta.dirname, `${name}.c`)]);
    return output;
  };
  try {
    return { service: await compile('service'), flood: await compile('flood') };
  } catch (cause) {
    throw new Error(
      'cannot compile the payload programs; install a C compiler: apt-get install gcc libc6-dev',
      {
        cause,
      },
    );
  }
}
