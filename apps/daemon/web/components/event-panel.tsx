import type { Transition } from '../../src/api.js';

interface Props {
  /** The newest first. */
  readonly transitions: readonly Transition[];
  /** Why the past cannot be shown. */
  readonly error: string | null;
}

/** What happened to the services, the newest first. */
export function EventPanel({ transitions, error }: Props) {
  return (
    <section class="panel" aria-labelledby="events-title">
      <div class="panel-head">
        <h2 id="events-title">Recent events</h2>
      </div>
      {error !== null && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
      {transitions.length === 0 ? (
        <p class="empty">Nothing has happened yet.</p>
      ) : (
        <ol class="events">
          {transitions.map((transition) => (
            <li
              data-id={transition.id}
              key={transition.id ?? `${transition.service} ${transition.at} ${transition.to}`}
            >
              <time dateTime={transition.at} title={new Date(transition.at).toLocaleString()}>
                {new Date(transition.at).toLocaleTimeString()}
              </time>
              <span class="name">{transition.service}</span>
              <span class="step">
                {transition.from} <span aria-hidden="true">→</span> <span class="spoken">to</span>{' '}
                {transition.to}
              </span>
              {transition.reason !== null && <span class="reason">{transition.reason.message}</span>}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
