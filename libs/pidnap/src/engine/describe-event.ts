import type { NewEvent } from './event-bus.js';
import type { Level } from './manager-log.js';

/** An event as a line of the manager's log. */
export function describeEvent(event: NewEvent): { level: Level; message: string } {
  switch (event.type) {
    case 'process.state':
    case 'task.state': {
      const bad = event.to === 'failed' || event.to === 'crash-loop' || event.to === 'backoff';
      const pid = event.pid === null || event.to !== 'starting' ? '' : ` pid ${event.pid}`;
      const why = event.reason ? ` (${event.reason.message})` : '';
      return {
        level: bad ? 'warn' : 'info',
        message: `${event.name}: ${event.from} → ${event.to}${pid}${why}`,
      };
    }
    case 'process.exit':
    case 'task.exit': {
      const { code, signal, error, uptimeMs } = event.exit;
      const how = error ?? (signal ? `killed by ${signal}` : `exit code ${code}`);
      return { level: 'info', message: `${event.name}: ended after ${uptimeMs} ms: ${how}` };
    }
    case 'process.probe':
      return {
        level: event.ok ? 'info' : 'warn',
        message: `${event.name}: ${event.probe} probe ${event.ok ? 'passed' : 'failed'}: ${event.message}`,
      };
    case 'env.changed': {
      const keys = [
        ...event.added.map((key) => `+${key}`),
        ...event.changed.map((key) => `~${key}`),
        ...event.removed.map((key) => `-${key}`),
      ];
      const restarts =
        event.restarts.map(({ name, inMs }) => `${name} in ${inMs} ms`).join(', ') || 'nothing';
      return {
        level: 'info',
        message: `env of ${event.name ?? 'all'} changed: ${keys.join(' ')}; restarts ${restarts}`,
      };
    }
    case 'env.error':
      return { level: 'error', message: `env of ${event.name ?? 'all'}: ${event.message}` };
    case 'log.dropped':
      return { level: 'error', message: `log of ${event.name}: ${event.message}` };
    case 'manager.reloaded': {
      const { added, removed, restarted, updated } = event.result;
      const counts = `${added.length} added, ${removed.length} removed, ${restarted.length} restarted, ${updated.length} updated`;
      return { level: 'info', message: `configuration applied: ${counts}` };
    }
    case 'manager.started':
    case 'manager.ready':
    case 'manager.stopping':
      return { level: 'info', message: event.message };
    case 'events.gap':
      return { level: 'warn', message: `${event.missed} events missed` };
  }
}
