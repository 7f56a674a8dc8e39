const PREFIX_BYTES = 3;
const NEWLINE = 10;

/** A line of a session's log. */
export interface LabelledLine {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/**
 * Cuts a session's log into lines and takes off the three bytes that say which output each is from. A line
 * without them goes on with the output before it.
 */
export class LabelledLineParser {
  #rest: Uint8Array[] = [];
  #stream: LabelledLine['stream'] = 'stdout';

  push(chunk: Uint8Array): LabelledLine[] {
    const lines: LabelledLine[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      lines.push(this.#line(Buffer.concat([...this.#rest, chunk.subarray(start, end)])));
      this.#rest = [];
      start = end + 1;
    }
    if (start < chunk.length) this.#rest.push(chunk.subarray(start));
    return lines;
  }

  #line(bytes: Buffer): LabelledLine {
    const label = bytes[0];
    const labelled = (label === 1 || label === 2) && bytes[1] === label && bytes[2] === label;
    if (labelled) this.#stream = label === 1 ? 'stdout' : 'stderr';
    return { stream: this.#stream, text: bytes.subarray(labelled ? PREFIX_BYTES : 0).toString('utf8') };
  }
}
