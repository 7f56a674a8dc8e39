import type { Placer } from '../up.js';

const MINUTE_MS = 60_000;

/** Makes a sandbox of a snapshot; nothing of this machine is in it. */
export const placeOnDaytona: Placer = async (spec, options, { connection, onEvent }) => {
  onEvent({ type: 'creating' });
  const { autoStopMs } = options;
  const daytona = autoStopMs === undefined ? {} : { autoStopMinutes: Math.ceil(autoStopMs / MINUTE_MS) };
  return connection.create({ ...spec, provider: { daytona } }, { signal: options.signal });
};
