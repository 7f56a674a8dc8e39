import { useState } from 'preact/hooks';
import type { Service } from '../../src/api.js';
import type { DaemonClient, ServiceAction } from '../daemon-client.js';
import { formatDuration } from '../format-duration.js';
import { ConfirmButton } from './confirm-button.js';
import { StateBadge } from './state-badge.js';

interface Props {
  readonly client: DaemonClient;
  readonly service: Service;
  /** Milliseconds since the service was as it says. */
  readonly elapsedMs: number;
  /** The daemon is away: nothing here is certain, and no button would work. */
  readonly stale: boolean;
}

/** One service: name, state, reason, figures, and for processes the buttons. */
export function ServiceRow({ client, service, elapsedMs, stale }: Props) {
  const [pending, setPending] = useState<ServiceAction | null>(null);
  const [error, setError] = useState<string | null>(null);
  const act = async (action: ServiceAction): Promise<void> => {
    setPending(action);
    setError(null);
    await client.act(service.name, action).catch((failure: unknown) => {
      setError(failure instanceof Error ? failure.message : String(failure));
    });
    setPending(null);
  };
  const disabled = pending !== null || stale || service.state === 'unknown';
  const message = error ?? service.reason?.message;

  return (
    <li class="row" data-service={service.name} data-state={service.state}>
      <div class="row-title">
        <span class="name">{service.name}</span>
        <StateBadge state={service.state} />
      </div>
      <dl class="figures">{figures(service, stale ? 0 : elapsedMs)}</dl>
      {service.kind === 'process' && (
        <div class="actions">
          {service.desired === 'stopped' ? (
            <button
              type="button"
              aria-label={`Start ${service.name}`}
              disabled={disabled}
              onClick={() => act('start')}
            >
              Start
            </button>
          ) : (
            <>
              <button
                type="button"
                aria-label={`Restart ${service.name}`}
                disabled={disabled}
                onClick={() => act('restart')}
              >
                Restart
              </button>
              <ConfirmButton
                label="Stop"
                description={`Stop ${service.name}`}
                question={service.self ? 'Stop this page’s daemon?' : 'Really stop?'}
                disabled={disabled}
                confirmed={() => act('stop')}
              />
            </>
          )}
        </div>
      )}
      {message !== undefined && (
        <p class={error === null ? 'reason' : 'reason error'} role={error === null ? undefined : 'alert'}>
          {message}
        </p>
      )}
    </li>
  );
}

function figures(service: Service, elapsedMs: number) {
  const entries: [string, string][] = [];
  if (service.uptimeMs !== null) entries.push(['up', formatDuration(service.uptimeMs + elapsedMs)]);
  if (service.pid !== null) entries.push(['pid', String(service.pid)]);
  if (service.restarts > 0) entries.push(['restarts', String(service.restarts)]);
  if (service.pid === null && service.lastExit !== null) {
    entries.push([
      'ended',
      `${service.lastExit.signal ?? `exit ${service.lastExit.code}`}, ${clock(service.lastExit.at)}`,
    ]);
  }
  if (service.nextStartAt !== null) entries.push(['next start', clock(service.nextStartAt)]);
  if (service.envReloadAt !== null) entries.push(['restart for new keys', clock(service.envReloadAt)]);
  return entries.map(([term, value]) => (
    <div key={term}>
      <dt>{term}</dt>
      <dd>{value}</dd>
    </div>
  ));
}

function clock(iso: string): string {
  return new Date(iso).toLocaleTimeString();
}
