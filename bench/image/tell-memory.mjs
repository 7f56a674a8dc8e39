/**
 * Loaded before a program (`node --import`): writes the most memory that its process had, in bytes, to the file that
 * `BENCH_MEMORY_FILE` names.
 */
import { writeFileSync } from 'node:fs';

process.on('exit', () => {
  writeFileSync(String(process.env.BENCH_MEMORY_FILE), String(process.resourceUsage().maxRSS * 1024));
});
