import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogSpool } from './log-spool.js';

describe('LogSpool', () => {
  let dir: string;
  let path: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'spool-'));
    path = join(dir, 'log');
  });
  afterEach(() => rm(dir, { recursive: true }));

  async function readAll(spool: LogSpool, options: Parameters<LogSpool['read']>[0]): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of spool.read(options)) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }

  it('gives every reader all from the start, also what comes later', async () => {
    const spool = new LogSpool(path);
    await spool.append(Buffer.from('one '));
    const followers = [readAll(spool, { follow: true }), readAll(spool, { follow: true })];
    expect(await readAll(spool, { follow: false })).toBe('one ');
    for (const word of ['two ', 'three']) void spool.append(Buffer.from(word));
    await spool.end();
    expect(await Promise.all(followers)).toEqual(['one two three', 'one two three']);
    expect((await spool.text()).toString()).toBe('one two three');
    await spool.remove();
    expect(existsSync(path)).toBe(false);
  });

  it('lets a reader go when it is aborted or the log is removed', async () => {
    const spool = new LogSpool(path);
    const controller = new AbortController();
    const aborted = readAll(spool, { follow: true, signal: controller.signal });
    const removed = readAll(spool, { follow: true });
    controller.abort();
    expect(await aborted).toBe('');
    await spool.remove();
    expect(await removed).toBe('');
  });
});
