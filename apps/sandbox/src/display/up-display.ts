import type { UpEvent } from '../up.js';

/** Shows the way of `up` on stderr. Nothing of it ever goes to stdout, which belongs to the result. */
export interface UpDisplay {
  event(event: UpEvent): void;
  /** Ends the display; what was under way is marked as failed when there is an error. */
  end(error?: unknown): Promise<void>;
}
