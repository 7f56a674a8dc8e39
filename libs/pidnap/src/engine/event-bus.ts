import type { EventQuery } from '../protocol/api.js';
import type { PidnapEvent } from '../protocol/events.js';

/**
 * Events kept for replay, which take up to 2 MB. Older ones are overwritten, and a reader that asks for them gets
 * an `events.gap`.
 */
const defaultCapacity = 2048;

type Distribute<T> = T extends PidnapEvent ? Omit<T, 'id' | 'at'> : never;
/** An event without what the bus adds. */
export type NewEvent = Distribute<PidnapEvent>;

/** Numbers events, keeps the latest and hands them to readers, each at its own pace from its own cursor. */
export class EventBus {
  readonly #capacity: number;
  /** A ring: the event with an id is at the rest of its division by the capacity. */
  readonly #kept: PidnapEvent[] = [];
  #cursor = 0;
  #closed = false;
  readonly #wakers = new Set<() => void>();

  constructor(capacity: number = defaultCapacity) {
    this.#capacity = capacity;
  }

  /** Id of the newest event; 0 before the first. */
  get cursor(): number {
    return this.#cursor;
  }

  emit(news: NewEvent): void {
    this.#cursor++;
    const event: PidnapEvent = { id: this.#cursor, at: new Date().toISOString(), ...news };
    this.#kept[this.#cursor % this.#capacity] = event;
    this.#wake();
  }

  /** Ends all readers once they have read what there is. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  async *read(query: EventQuery = {}): AsyncGenerator<PidnapEvent> {
    const { signal, follow = true } = query;
    let cursor = Math.min(query.cursor ?? this.#cursor, this.#cursor);
    const onAbort = (): void => this.#wake();
    signal?.addEventListener('abort', onAbort);
    try {
      while (!signal?.aborted) {
        const next = this.#after(cursor);
        if (next) {
          cursor = next.id;
          yield next;
        } else if (!follow || this.#closed) {
          return;
        } else {
          await this.#change();
        }
      }
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** The event that follows a cursor, or a gap up to the oldest kept one. */
  #after(cursor: number): PidnapEvent | undefined {
    if (cursor >= this.#cursor) return undefined;
    const oldest = this.#at(Math.max(1, this.#cursor - this.#capacity + 1));
    if (cursor + 1 < oldest.id) {
      return { type: 'events.gap', id: oldest.id - 1, at: oldest.at, missed: oldest.id - 1 - cursor };
    }
    return this.#at(cursor + 1);
  }

  #at(id: number): PidnapEvent {
    return this.#kept[id % this.#capacity] as PidnapEvent;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wakers.add(resolve));
  }

  #wake(): void {
    const wakers = [...this.#wakers];
    this.#wakers.clear();
    for (const wake of wakers) wake();
  }
}
