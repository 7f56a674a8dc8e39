import { expect, it } from 'vitest';
import { createProgress } from './progress.mjs';

/** Collects what a display writes. */
function output(isTTY: boolean) {
  const chunks: string[] = [];
  return { isTTY, columns: 60, write: (text: string) => chunks.push(text), text: () => chunks.join('') };
}

it('prints a line when a step starts and one when it ends, where there is no terminal', async () => {
  const out = output(false);
  const progress = createProgress(out);
  await progress.step('engine', async () => 'Docker 1');
  expect(out.text()).toMatch(/^• engine …\n✔ engine \(Docker 1\) \d+\.\ds\n$/);
});

it('marks a failed step and passes its error on', async () => {
  const out = output(false);
  const progress = createProgress(out);
  const broken = new Error('no');
  await expect(progress.step('engine', () => Promise.reject(broken))).rejects.toBe(broken);
  expect(out.text()).toContain('✖ engine');
});

it('redraws the steps in place on a terminal, cut to its width', async () => {
  const out = output(true);
  const progress = createProgress(out);
  await Promise.all([
    progress.step('one', async (report) => {
      report('x'.repeat(200));
      await new Promise((resolve) => setTimeout(resolve, 250));
    }),
    progress.step('two', async () => 'quick'),
  ]);
  progress.stop();
  const frames = out.text().split('\u001b[2A');
  expect(frames.length).toBeGreaterThan(1);
  expect(frames.at(-1)).toContain('✔ two (quick)');
  for (const line of frames[0]?.split('\n') ?? [])
    expect(line.replace('\u001b[2K', '').length).toBeLessThan(60);
});
