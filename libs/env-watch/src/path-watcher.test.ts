import { mkdirSync, renameSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { EnvDir } from '../test/env-dir.js';
import { PathWatcher } from './path-watcher.js';

it('watches a directory that took the place of another further up the path', () => {
  using dir = new EnvDir();
  mkdirSync(dir.at('a', 'b'), { recursive: true });
  using watcher = new PathWatcher([dir.at('a', 'b', '.env')], handlers());
  expect(watcher.arm()).toBe(true);
  expect(watcher.arm()).toBe(false);
  renameSync(dir.at('a'), dir.at('old'));
  mkdirSync(dir.at('a', 'b'), { recursive: true });
  expect(watcher.arm()).toBe(true);
  expect(watcher.arm()).toBe(false);
});

it('hears nothing of the neighbours', async () => {
  using dir = new EnvDir();
  dir.write('');
  const heard = handlers();
  using watcher = new PathWatcher([dir.file], heard);
  watcher.arm();
  dir.rename('A=1', dir.at('.env.local'));
  await sleep(50);
  expect(heard.events).toBe(0);
  dir.rename('A=1');
  while (heard.events === 0) await sleep(5);
});

function handlers() {
  return {
    events: 0,
    onEvent() {
      this.events += 1;
    },
    onError(error: Error) {
      throw error;
    },
  };
}
