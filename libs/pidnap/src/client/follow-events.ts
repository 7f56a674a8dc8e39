import type { EventQuery } from '../protocol/api.js';
import type { PidnapEvent } from '../protocol/events.js';
import type { Http } from './http.js';
import { parseSse } from './sse.js';

/** Reads the event stream; it ends when the manager ends, the signal aborts it without an error. */
export async function* followEvents(http: Http, query: EventQuery): AsyncGenerator<PidnapEvent> {
  const params = new URLSearchParams();
  if (query.cursor !== undefined) params.set('cursor', String(query.cursor));
  if (query.follow === false) params.set('follow', 'false');
  if (query.until !== undefined) params.set('until', query.until);
  try {
    const body = await http.stream(`/v1/events?${params}`, query.signal);
    for await (const { event, data } of parseSse(body)) {
      if (event !== 'ping') yield JSON.parse(data) as PidnapEvent;
    }
  } catch (error) {
    if (!query.signal?.aborted) throw error;
  }
}
