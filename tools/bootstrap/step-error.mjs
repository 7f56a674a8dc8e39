/** A set-up step that could not be done, with what the person at the keyboard can do about it. */
export class StepError extends Error {
  /**
   * @param {string} message What failed.
   * @param {{ wayOut: string, output?: string, cause?: unknown }} details `output` is the tail of the failing command.
   */
  constructor(message, { wayOut, output, cause }) {
    super(message, { cause });
    this.name = 'StepError';
    this.wayOut = wayOut;
    this.output = output;
  }
}
