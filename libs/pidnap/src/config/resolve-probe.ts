import type { ProbeConfig } from './config.js';
import { resolveCommand } from './resolve-command.js';
import type { ProbeKind, ProbeSpec } from './spec.js';

/** Start-up is polled fast, since everything that depends on it waits. */
const fastInterval = 250;

/** Applies the defaults of one probe. */
export function resolveProbe(probe: ProbeConfig, kind: ProbeKind): ProbeSpec {
  return {
    check: resolveCheck(probe),
    initialDelay: probe.initialDelay ?? 0,
    firstInterval: probe.interval ?? fastInterval,
    interval: probe.interval ?? (kind === 'startup' ? fastInterval : 10_000),
    timeout: probe.timeout ?? 1000,
    failureThreshold: probe.failureThreshold ?? (kind === 'startup' ? 120 : 3),
    successThreshold: probe.successThreshold ?? 1,
  };
}

function resolveCheck(probe: ProbeConfig): ProbeSpec['check'] {
  if ('http' in probe) {
    if (typeof probe.http === 'string') return { type: 'http', url: probe.http };
    const { port, host = '127.0.0.1', path = '/' } = probe.http;
    return { type: 'http', url: `http://${host.includes(':') ? `[${host}]` : host}:${port}${path}` };
  }
  if ('tcp' in probe) {
    const target = typeof probe.tcp === 'number' ? { port: probe.tcp } : probe.tcp;
    return { type: 'tcp', host: target.host ?? '127.0.0.1', port: target.port };
  }
  if ('exec' in probe) return { type: 'exec', argv: resolveCommand(probe.exec) };
  const { source, flags } = typeof probe.log === 'string' ? new RegExp(probe.log) : probe.log;
  // A sticky or global expression keeps a position between lines.
  return { type: 'log', source, flags: flags.replaceAll(/[gy]/g, '') };
}
