/** What a build is doing, as its lines of progress tell it. */
export type BuildProgressEvent =
  | {
      type: 'step';
      /** Number of the step within this build. */
      step: number;
      /** As in the Dockerfile, such as `[tools 2/4] RUN make`. */
      name: string;
      state: 'running' | 'done' | 'cached' | 'failed' | 'canceled';
      /** How long the step took, once it is done. */
      seconds?: number;
      /** Why it failed. */
      error?: string;
    }
  | { type: 'log'; step: number; name: string; text: string };

/** A reader of BuildKit's `--progress=plain` output, one line at a time. */
export function createProgressParser(): (line: string) => BuildProgressEvent | undefined {
  const names = new Map<number, string>();
  return (line) => {
    const match = /^#(\d+) (.*)$/.exec(line.replace(/\r$/, ''));
    if (!match) return undefined;
    const step = Number(match[1]);
    const text = String(match[2]);
    const name = names.get(step);
    if (name === undefined) {
      names.set(step, text);
      return { type: 'step', step, name: text, state: 'running' };
    }
    // The first line is repeated when BuildKit turns back to a step; the digest names nothing a person knows.
    if (text === name || text === '...' || /^sha256:[0-9a-f]{64}$/.test(text)) return undefined;
    return ended(step, name, text) ?? { type: 'log', step, name, text: text.replace(/^\d+\.\d+ /, '') };
  };
}

function ended(step: number, name: string, text: string): BuildProgressEvent | undefined {
  const done = /^DONE (\d+(?:\.\d+)?)s$/.exec(text);
  if (done) return { type: 'step', step, name, state: 'done', seconds: Number(done[1]) };
  if (text === 'CACHED') return { type: 'step', step, name, state: 'cached' };
  if (text === 'CANCELED') return { type: 'step', step, name, state: 'canceled' };
  const error = /^ERROR:? (.*)$/.exec(text);
  return error ? { type: 'step', step, name, state: 'failed', error: String(error[1]) } : undefined;
}
