import type { Measurement } from '../measurement.js';
import { envReload } from './env-reload.js';
import { growth } from './growth.js';
import { idle } from './idle.js';
import { logs } from './logs.js';
import { probes } from './probes.js';
import { restart } from './restart.js';
import { startStop } from './start-stop.js';

/** In the order in which they run. */
export const allMeasurements: readonly Measurement[] = [
  idle,
  restart,
  startStop,
  logs,
  probes,
  envReload,
  growth,
];
