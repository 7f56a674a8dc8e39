const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;

/**
 * @typedef {{ title: string, startedAt: number, detail: string, state: 'running' | 'done' | 'failed', note: string, ms: number }} Step
 * @typedef {{ step: <T>(title: string, work: (report: (detail: string) => void) => Promise<T>) => Promise<T>, stop: () => void }} Progress
 */

/**
 * Shows steps that run side by side: a live display on a terminal, one line per event elsewhere.
 * A step's work returns a short note (or nothing) that is shown behind its title.
 *
 * @param {{ isTTY?: boolean, columns?: number, write: (text: string) => unknown }} out
 * @returns {Progress}
 */
export function createProgress(out) {
  /** @type {Step[]} */
  const steps = [];
  let drawn = 0;
  let frame = 0;
  const live = out.isTTY === true;
  const timer = live ? setInterval(draw, FRAME_MS) : undefined;

  function draw() {
    frame += 1;
    const width = out.columns ?? 80;
    const lines = steps.map((step) => lineOf(step, FRAMES[frame % FRAMES.length] ?? '').slice(0, width - 1));
    const up = drawn > 0 ? `\u001b[${drawn}A` : '';
    out.write(up + lines.map((line) => `\u001b[2K${line}\n`).join(''));
    drawn = lines.length;
  }

  return {
    async step(title, work) {
      /** @type {Step} */
      const step = { title, startedAt: performance.now(), detail: '', state: 'running', note: '', ms: 0 };
      steps.push(step);
      if (!live) out.write(`• ${title} …\n`);
      try {
        const result = await work((detail) => {
          step.detail = detail.trim();
        });
        step.state = 'done';
        if (typeof result === 'string') step.note = result;
        return result;
      } catch (error) {
        step.state = 'failed';
        throw error;
      } finally {
        step.ms = performance.now() - step.startedAt;
        if (!live) out.write(`${lineOf(step, '')}\n`);
      }
    },
    stop() {
      if (timer) {
        clearInterval(timer);
        draw();
      }
    },
  };
}

/**
 * @param {Step} step
 * @param {string} spinner
 */
function lineOf(step, spinner) {
  if (step.state === 'running') {
    const seconds = ((performance.now() - step.startedAt) / 1000).toFixed(0);
    return `${spinner} ${step.title} ${seconds}s ${step.detail}`;
  }
  const mark = step.state === 'done' ? '✔' : '✖';
  const note = step.note ? ` (${step.note})` : '';
  return `${mark} ${step.title}${note} ${(step.ms / 1000).toFixed(1)}s`;
}
