import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PendingCreations } from './pending-creations.js';

describe('PendingCreations', () => {
  let dir: string;
  beforeEach(() => {
    dir = join(mkdtempSync(join(tmpdir(), 'pending-')), 'creating');
  });
  afterEach(() => rmSync(join(dir, '..'), { recursive: true }));

  /** Makes a record look as if another process had written it. */
  function rewrite(session: string, changes: object) {
    const file = join(dir, session);
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...changes }));
  }

  it('has nothing to clean up before anything was made', async () => {
    expect(await new PendingCreations('fake', dir).dead()).toEqual([]);
  });

  it('takes a session of a process that lives for alive', async () => {
    const pending = new PendingCreations('fake', dir);
    await pending.begin();
    expect(await pending.dead()).toEqual([]);
  });

  it('finds the session of a process that was killed', async () => {
    const pending = new PendingCreations('fake', dir);
    const child = spawn('sleep', ['60']);
    await once(child, 'spawn');
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(' ');
    const session = await pending.begin();
    rewrite(session, { pid: child.pid, startedAt: stat[21] });
    expect(await pending.dead()).toEqual([]);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await pending.dead()).toEqual([session]);
  });

  it('is not deceived by a later process with the same number', async () => {
    const pending = new PendingCreations('fake', dir);
    const session = await pending.begin();
    rewrite(session, { startedAt: '1' });
    expect(await pending.dead()).toEqual([session]);
  });

  it('leaves the sessions of another provider to those who can look there', async () => {
    const session = await new PendingCreations('far', dir).begin();
    rewrite(session, { startedAt: '1' });
    expect(await new PendingCreations('fake', dir).dead()).toEqual([]);
    expect(await new PendingCreations('far', dir).dead()).toEqual([session]);
  });

  it('forgets a session that has ended', async () => {
    const pending = new PendingCreations('fake', dir);
    const session = await pending.begin();
    await pending.end(session);
    expect(readdirSync(dir)).toEqual([]);
  });
});
