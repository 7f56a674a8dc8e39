import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFakeProvider } from '@iterate/sandbox-provider/fake';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cleanUp } from './clean-up.js';
import { PendingCreations } from './pending-creations.js';
import { LABELS } from './sandbox-labels.js';
import { generateSecrets, SecretStore } from './sandbox-secrets.js';

/** Sessions of processes that have died, without the processes. */
class DeadSessions extends PendingCreations {
  readonly sessions: string[] = [];
  override async dead() {
    return [...this.sessions];
  }
  override async end(session: string) {
    this.sessions.splice(this.sessions.indexOf(session), 1);
  }
}

describe('cleanUp', () => {
  let dir: string;
  let secrets: SecretStore;
  let pending: DeadSessions;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'clean-'));
    secrets = new SecretStore(dir);
    pending = new DeadSessions('fake', dir);
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('removes what a dead session left, with its secrets, and nothing of other sessions', async () => {
    await using connection = await createFakeProvider().connect({});
    const labels = (name: string, session: string) => ({ [LABELS.name]: name, [LABELS.session]: session });
    const half = await connection.create({ image: 'fake', labels: labels('half', 'dead') });
    await using whole = await connection.create({ image: 'fake', labels: labels('whole', 'alive') });
    for (const { id } of [half, whole]) await secrets.write({ id, name: 'x', ...generateSecrets() });
    pending.sessions.push('dead', 'without-a-sandbox');
    expect(await cleanUp(connection, secrets, pending)).toEqual([expect.stringContaining('half')]);
    expect(await secrets.ids()).toEqual([whole.id]);
    expect((await whole.info()).state).toBe('running');
    expect(pending.sessions).toEqual([]);
  });

  it('removes what has expired', async () => {
    await using connection = await createFakeProvider().connect({});
    await connection.create({ image: 'fake', labels: { [LABELS.name]: 'old' }, ttlMs: 1 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await cleanUp(connection, secrets, pending)).toEqual([expect.stringContaining('old')]);
  });
});
