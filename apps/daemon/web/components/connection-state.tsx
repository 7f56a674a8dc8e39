import type { PidnapLink } from '../../src/api.js';
import type { Connection } from '../follow-services.js';

interface Props {
  readonly connection: Connection;
  /** `null` before the first answer. */
  readonly pidnap: PidnapLink | null;
}

/** Whether what the page shows is live, and if not, which link is broken and why. */
export function ConnectionState({ connection, pidnap }: Props) {
  const { tone, label, reason } = describe(connection, pidnap);
  return (
    <div class="connection" role="status">
      {reason !== null && <span class="connection-reason">{reason}</span>}
      <span class={`badge ${tone}`}>{label}</span>
    </div>
  );
}

function describe(connection: Connection, pidnap: PidnapLink | null) {
  if (connection.state === 'lost') return { tone: 'bad', label: 'Reconnecting', reason: connection.reason };
  if (connection.state === 'connecting') return { tone: 'busy', label: 'Connecting', reason: null };
  if (pidnap?.connected === false) return { tone: 'warn', label: 'pidnap away', reason: pidnap.reason };
  return { tone: 'good', label: 'Live', reason: null };
}
