import { isSandboxError } from '@iterate/sandbox-provider';
import type { Check } from './check.js';

/** What the check looks at. */
export interface DaytonaService {
  /** Connects and closes again. @returns how long that took in ms */
  reach(): Promise<number>;
}

/** Whether sandboxes can be made on Daytona. */
export function daytonaChecks({ reach }: DaytonaService): Check[] {
  return [
    {
      name: 'daytona',
      async run() {
        try {
          return {
            status: 'ok',
            text: `Daytona takes the key and answers after ${Math.round(await reach())} ms`,
          };
        } catch (error) {
          if (!isSandboxError(error)) throw error;
          const fix =
            error.code === 'InvalidSpec'
              ? 'Set DAYTONA_API_KEY, or try it with "pnpm daytona:emulator".'
              : 'Check DAYTONA_API_URL, DAYTONA_API_KEY and the network.';
          return { status: 'fail', text: error.message, fix };
        }
      },
    },
  ];
}
