import { expect, it } from 'vitest';
import type { LogLine } from '../protocol/info.js';
import { LineHub } from './line-hub.js';

const line = (name: string): LogLine => ({
  name,
  kind: 'process',
  time: null,
  stream: null,
  partial: false,
  text: name,
});

it('makes lines only for logs that somebody listens to', () => {
  const hub = new LineHub();
  expect(hub.wants('a')).toBe(false);
  const some: string[] = [];
  const all: string[] = [];
  const stopSome = hub.subscribe(({ text }) => some.push(text), ['a']);
  expect([hub.wants('a'), hub.wants('b')]).toEqual([true, false]);
  const stopAll = hub.subscribe(({ text }) => all.push(text));
  expect(hub.wants('b')).toBe(true);
  hub.publish(line('a'));
  hub.publish(line('b'));
  stopAll();
  expect(hub.wants('b')).toBe(false);
  stopSome();
  hub.publish(line('a'));
  expect(some).toEqual(['a']);
  expect(all).toEqual(['a', 'b']);
});
