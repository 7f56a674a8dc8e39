import type { SandboxStats } from '@iterate/sandbox-provider';
import * as z from 'zod';

const cpu = z.object({
  cpu_usage: z.object({ total_usage: z.number() }),
  system_cpu_usage: z.number().default(0),
  online_cpus: z.number().default(1),
});

const statsSchema = z.object({
  read: z.coerce.date(),
  cpu_stats: cpu,
  precpu_stats: cpu.partial(),
  memory_stats: z.object({
    usage: z.number().default(0),
    stats: z.record(z.string(), z.number()).default({}),
  }),
  pids_stats: z.object({ current: z.number().default(0) }),
  networks: z.record(z.string(), z.object({ rx_bytes: z.number(), tx_bytes: z.number() })).default({}),
});

/**
 * Reads one answer of the engine.
 *
 * @param memoryLimit The container's own limit; 0 for none.
 */
export function parseStats(answer: unknown, memoryLimit: number): SandboxStats {
  const { read, cpu_stats, precpu_stats, memory_stats, pids_stats, networks } = statsSchema.parse(answer);
  const used = cpu_stats.cpu_usage.total_usage - (precpu_stats.cpu_usage?.total_usage ?? 0);
  const passed = cpu_stats.system_cpu_usage - (precpu_stats.system_cpu_usage ?? 0);
  // Cached files count as used but are given back when needed; cgroup v1 and v2 name them differently.
  const cached = memory_stats.stats.inactive_file ?? memory_stats.stats.total_inactive_file ?? 0;
  const interfaces = Object.values(networks);
  return {
    time: read,
    cpus: passed > 0 ? Math.max(0, (used / passed) * cpu_stats.online_cpus) : 0,
    memoryBytes: Math.max(0, memory_stats.usage - cached),
    ...(memoryLimit > 0 ? { memoryLimitBytes: memoryLimit } : {}),
    pids: pids_stats.current,
    networkRxBytes: interfaces.reduce((sum, { rx_bytes }) => sum + rx_bytes, 0),
    networkTxBytes: interfaces.reduce((sum, { tx_bytes }) => sum + tx_bytes, 0),
  };
}
