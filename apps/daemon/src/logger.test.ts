import { expect, it } from 'vitest';
import { createLogger } from './logger.js';

it('writes one line per event, whatever the fields hold', () => {
  const lines: string[] = [];
  createLogger((line) => lines.push(line)).warn('pidnap is away', {
    reason: 'two\nlines and "quotes"',
    port: 3000,
    ok: false,
    key: null,
    empty: '',
  });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(
    /^time=\d{4}-\S+Z level=warn msg="pidnap is away" reason="two\\nlines and \\"quotes\\"" port=3000 ok=false key=null empty=""\n$/,
  );
});
