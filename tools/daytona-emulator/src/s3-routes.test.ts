import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ObjectStore } from './object-store.js';
import { decodeChunks, s3Routes } from './s3-routes.js';

describe('s3Routes', () => {
  let store: ObjectStore;
  beforeEach(async () => {
    store = await ObjectStore.open();
  });
  afterEach(() => store.close());

  function call(method: string, path: string, body?: string | Uint8Array, more: Record<string, string> = {}) {
    const { accessKey, sessionToken } = store.credentials;
    const headers = {
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKey}/20260102/us-east-1/s3/aws4_request, Signature=0`,
      'x-amz-security-token': sessionToken,
      ...more,
    };
    return s3Routes(store).request(`/${store.bucket}/${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
  }

  it('lists what was put under a prefix', async () => {
    expect(await (await call('GET', '?list-type=2&prefix=org/')).text()).not.toContain('<Contents>');
    await call('PUT', 'org/hash/context.tar?x-id=PutObject', 'bytes');
    const listing = await (await call('GET', '?list-type=2&max-keys=1&prefix=org/')).text();
    expect(listing).toContain('<Key>org/hash/context.tar</Key>');
    expect(listing).toContain('<KeyCount>1</KeyCount>');
  });

  it('joins the parts of an upload in their order, whichever came first', async () => {
    const started = await (await call('POST', 'k?uploads')).text();
    const id = /<UploadId>(.+)<\/UploadId>/.exec(started)?.[1];
    const second = (await call('PUT', `k?partNumber=2&uploadId=${id}`, 'two')).headers.get('etag');
    const first = (await call('PUT', `k?partNumber=1&uploadId=${id}`, 'one ')).headers.get('etag');
    const part = (number: number, etag: string | null) =>
      `<Part><ETag>${etag}</ETag><PartNumber>${number}</PartNumber></Part>`;
    const wrong = `<CompleteMultipartUpload>${part(1, second)}</CompleteMultipartUpload>`;
    expect((await call('POST', `k?uploadId=${id}`, wrong)).status).toBe(400);
    const right = `<CompleteMultipartUpload>${part(1, first)}${part(2, second)}</CompleteMultipartUpload>`;
    expect((await call('POST', `k?uploadId=${id}`, right)).status).toBe(200);
    expect(String(await store.read('k')?.toArray())).toBe('one two');
    expect((await call('PUT', `k?partNumber=1&uploadId=${id}`, 'late')).status).toBe(404);
  });

  it('refuses a stranger', async () => {
    expect((await call('GET', '?list-type=2', undefined, { 'x-amz-security-token': 'other' })).status).toBe(
      403,
    );
    expect(
      (await call('GET', '?list-type=2', undefined, { authorization: 'Credential=OTHER/x' })).status,
    ).toBe(403);
  });

  it('takes chunked framing off', () => {
    const framed = Buffer.from(
      '4;chunk-signature=ab\r\nwxyz\r\n2\r\n\r\n\r\n0\r\nx-amz-checksum-crc32:AA==\r\n\r\n',
    );
    expect(decodeChunks(framed, 'STREAMING-UNSIGNED-PAYLOAD-TRAILER').toString()).toBe('wxyz\r\n');
    expect(decodeChunks(framed, 'UNSIGNED-PAYLOAD')).toBe(framed);
  });
});
