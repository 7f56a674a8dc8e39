import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { resolveOwner } from './file-owner.js';

const PASSWD = 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1001::/home/node:/bin/sh\nnodejs:x:7:7::/:/bin/sh\n';

async function passwd() {
  const archive = pack();
  archive.entry({ name: 'passwd' }, PASSWD);
  archive.finalize();
  return Readable.from(archive, { objectMode: false });
}

const unread = () => Promise.reject(new Error('the file of users was read'));

describe('resolveOwner', () => {
  it.each([
    ['', { uid: 0, gid: 0 }],
    ['root', { uid: 0, gid: 0 }],
    ['root:5', { uid: 0, gid: 5 }],
    ['1000', { uid: 1000, gid: 0 }],
    ['1000:50', { uid: 1000, gid: 50 }],
  ])('knows "%s" without looking', async (user, owner) => {
    expect(await resolveOwner(user, unread)).toEqual(owner);
  });

  it.each([
    ['node', { uid: 1000, gid: 1001 }],
    ['node:50', { uid: 1000, gid: 50 }],
  ])('looks up "%s"', async (user, owner) => expect(await resolveOwner(user, passwd)).toEqual(owner));

  it('says so when the image does not know the user', async () => {
    await expect(resolveOwner('nobody', passwd)).rejects.toMatchObject({
      code: 'ProviderError',
      message: expect.stringContaining('nobody'),
    });
  });
});
