import { XMLBuilder, XMLParser } from 'fast-xml-parser';
import { Hono } from 'hono';
import * as z from 'zod';
import type { ObjectStore } from './object-store.js';

const xml = new XMLBuilder({ ignoreAttributes: false });
const parser = new XMLParser({ isArray: (name) => name === 'Part' });

const completion = z.object({
  CompleteMultipartUpload: z.object({
    Part: z.array(z.object({ PartNumber: z.coerce.number(), ETag: z.coerce.string() })),
  }),
});

/**
 * The calls of the S3 protocol that an upload makes: list, put, multipart. The access key and the session
 * token must be those handed out; the signature itself is not checked.
 */
export function s3Routes(store: ObjectStore): Hono {
  const app = new Hono();
  const document = (root: string, content: object) =>
    new Response(`<?xml version="1.0" encoding="UTF-8"?>${xml.build({ [root]: content })}`, {
      headers: { 'content-type': 'application/xml' },
    });
  const refusal = (status: number, Code: string, Message: string) =>
    new Response(`<?xml version="1.0" encoding="UTF-8"?>${xml.build({ Error: { Code, Message } })}`, {
      status,
      headers: { 'content-type': 'application/xml' },
    });

  app.use(async (c, next) => {
    const { accessKey, sessionToken } = store.credentials;
    const signed = c.req.header('authorization')?.includes(`Credential=${accessKey}/`) === true;
    if (!signed || c.req.header('x-amz-security-token') !== sessionToken)
      return refusal(403, 'AccessDenied', 'Access Denied');
    await next();
  });

  app.get('/:bucket/', (c) => {
    const { bucket } = c.req.param();
    const prefix = c.req.query('prefix') ?? '';
    if (bucket !== store.bucket) return refusal(404, 'NoSuchBucket', 'The specified bucket does not exist');
    const limit = Number(c.req.query('max-keys') ?? 1000);
    const contents = store.list(prefix, limit);
    return document('ListBucketResult', {
      Name: bucket,
      Prefix: prefix,
      MaxKeys: limit,
      KeyCount: contents.length,
      IsTruncated: false,
      Contents: contents.map(({ key, size, etag, modifiedAt }) => ({
        Key: key,
        Size: size,
        ETag: `"${etag}"`,
        LastModified: modifiedAt.toISOString(),
      })),
    });
  });

  app.put('/:bucket/:key{.+}', async (c) => {
    const body = decodeChunks(Buffer.from(await c.req.arrayBuffer()), c.req.header('x-amz-content-sha256'));
    const uploadId = c.req.query('uploadId');
    const etag =
      uploadId === undefined
        ? await store.put(c.req.param('key'), body)
        : await store.putPart(uploadId, Number(c.req.query('partNumber')), body);
    if (etag === undefined) return refusal(404, 'NoSuchUpload', 'The specified upload does not exist');
    return c.body(null, 200, { ETag: `"${etag}"` });
  });

  app.post('/:bucket/:key{.+}', async (c) => {
    const { bucket, key } = c.req.param();
    if (c.req.query('uploads') !== undefined)
      return document('InitiateMultipartUploadResult', {
        Bucket: bucket,
        Key: key,
        UploadId: store.startUpload(key),
      });
    const uploadId = c.req.query('uploadId');
    const body = completion.safeParse(parser.parse(await c.req.text()));
    if (uploadId === undefined || !body.success)
      return refusal(400, 'MalformedXML', 'The request is not understood');
    const etag = await store.completeUpload(
      uploadId,
      body.data.CompleteMultipartUpload.Part.map(({ PartNumber, ETag }) => ({
        number: PartNumber,
        etag: ETag.replaceAll(/&quot;|"/g, ''),
      })),
    );
    if (etag === undefined) return refusal(400, 'InvalidPart', 'A part is missing or differs');
    return document('CompleteMultipartUploadResult', { Bucket: bucket, Key: key, ETag: `"${etag}"` });
  });

  app.delete('/:bucket/:key{.+}', (c) => {
    const aborted = store.abortUpload(c.req.query('uploadId') ?? '');
    return aborted ? c.body(null, 204) : refusal(404, 'NoSuchUpload', 'The specified upload does not exist');
  });
  return app;
}

/** Takes `aws-chunked` framing off: `<hex size>[;chunk-signature=…]\r\n<bytes>\r\n`, then trailers. */
export function decodeChunks(body: Buffer, contentSha: string | undefined): Buffer {
  if (contentSha?.startsWith('STREAMING-') !== true) return body;
  const chunks: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const lineEnd = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.subarray(at, lineEnd).toString('latin1'), 16);
    if (!(size > 0)) break;
    chunks.push(body.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
  return Buffer.concat(chunks);
}
