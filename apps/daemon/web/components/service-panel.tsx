import type { Service } from '../../src/api.js';
import type { DaemonClient } from '../daemon-client.js';
import type { LiveServices } from '../use-live-services.js';
import { useNow } from '../use-now.js';
import { ServiceRow } from './service-row.js';

/** The services with their buttons, then the tasks. */
export function ServicePanel({ client, live }: { client: DaemonClient; live: LiveServices }) {
  const { answer } = live;
  // While the daemon is away nothing is known to run on.
  const elapsed = useNow() - live.answeredAt;
  const stale = live.connection.state === 'lost';
  if (answer === null) {
    return (
      <section class="panel" aria-busy="true">
        <h2>Services</h2>
        <p class="empty">Waiting for the first answer…</p>
      </section>
    );
  }
  const rows = (services: readonly Service[]) =>
    services.map((service) => (
      <ServiceRow key={service.name} client={client} service={service} elapsedMs={elapsed} stale={stale} />
    ));
  return (
    <section class="panel" aria-labelledby="services-title" data-stale={stale}>
      <div class="panel-head">
        <h2 id="services-title">Services</h2>
        <span class="summary">
          {stale ? `last known: ${summary(answer.services)}` : summary(answer.services)}
        </span>
      </div>
      {answer.services.length === 0 ? (
        <p class="empty">pidnap has not told of any service yet.</p>
      ) : (
        <ul class="rows">{rows(answer.services)}</ul>
      )}
      {answer.tasks.length > 0 && (
        <>
          <h3>Tasks</h3>
          <ul class="rows">{rows(answer.tasks)}</ul>
        </>
      )}
    </section>
  );
}

function summary(services: readonly Service[]): string {
  const ready = services.filter((service) => service.state === 'ready').length;
  return `${ready} of ${services.length} ready`;
}
