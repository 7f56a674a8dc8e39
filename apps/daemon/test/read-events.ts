import { EventSourceParserStream } from 'eventsource-parser/stream';

/** One server-sent event with its JSON data. */
export interface ReadEvent {
  readonly event: string | undefined;
  readonly id: string | undefined;
  // The tests look into it by matchers.
  readonly data: unknown;
}

/** Reads a response as server-sent events; leaving the loop ends the connection. */
export async function* readEvents(response: Response): AsyncGenerator<ReadEvent, void> {
  if (response.body === null) throw new Error('The response has no body.');
  const stream = response.body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .pipeThrough(new EventSourceParserStream());
  for await (const { event, id, data } of stream as unknown as AsyncIterable<{
    event?: string;
    id?: string;
    data: string;
  }>) {
    yield { event, id, data: JSON.parse(data) };
  }
}
