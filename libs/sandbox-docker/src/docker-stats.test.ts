import { describe, expect, it } from 'vitest';
import { parseStats } from './docker-stats.js';

const answer = {
  read: '2026-01-02T03:04:05Z',
  cpu_stats: { cpu_usage: { total_usage: 3_000_000_000 }, system_cpu_usage: 20_000_000_000, online_cpus: 4 },
  precpu_stats: {
    cpu_usage: { total_usage: 1_000_000_000 },
    system_cpu_usage: 16_000_000_000,
    online_cpus: 4,
  },
  memory_stats: { usage: 500, stats: { inactive_file: 200, total_inactive_file: 100 } },
  pids_stats: { current: 7 },
  networks: { eth0: { rx_bytes: 1, tx_bytes: 2 }, eth1: { rx_bytes: 10, tx_bytes: 20 } },
};

describe('parseStats', () => {
  it('counts cores, memory without cached files, and all networks', () => {
    expect(parseStats(answer, 1000)).toEqual({
      time: new Date('2026-01-02T03:04:05Z'),
      cpus: 2,
      memoryBytes: 300,
      memoryLimitBytes: 1000,
      pids: 7,
      networkRxBytes: 11,
      networkTxBytes: 22,
    });
  });

  it('knows the cached files of cgroup v1', () => {
    const v1 = { ...answer, memory_stats: { usage: 500, stats: { total_inactive_file: 100 } } };
    expect(parseStats(v1, 0)).toMatchObject({ memoryBytes: 400 });
  });

  it('does without what an engine leaves out: a limit, a network, an earlier reading', () => {
    const sparse = { ...answer, precpu_stats: {}, networks: undefined, memory_stats: {}, pids_stats: {} };
    const stats = parseStats(sparse, 0);
    expect(stats).toMatchObject({ memoryBytes: 0, pids: 0, networkRxBytes: 0 });
    expect(stats).not.toHaveProperty('memoryLimitBytes');
    expect(Number.isFinite(stats.cpus)).toBe(true);
  });
});
