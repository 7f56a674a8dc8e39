import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import busboy from 'busboy';
import FormData from 'form-data';
import { type Context, Hono } from 'hono';
import * as z from 'zod';
import { ApiError } from './api-error.js';
import { bodyOf } from './body.js';
import {
  deleteFile,
  fileInfo,
  listFiles,
  makeFolder,
  moveFile,
  readFile,
  setPermissions,
  writeFile,
} from './sandbox-files.js';
import type { Sandboxes } from './sandboxes.js';

const FILE_FIELD = /^files\[(\d+)\]\.(path|file)$/;

/** `/{sandboxId}/files` of the toolbox API. */
export function fileRoutes(sandboxes: Sandboxes): Hono {
  const app = new Hono();
  const toolbox = (c: Context) => sandboxes.toolbox(c.req.param('sandboxId') ?? '');
  const query = (c: Context, name: string) => {
    const value = c.req.query(name);
    if (value === undefined || value === '') throw new ApiError(400, `${name} is required`);
    return value;
  };

  app.post('/bulk-upload', async (c) => {
    const target = toolbox(c);
    await eachUpload(c, (path, content) => writeFile(target, path, content));
    return c.body(null, 200);
  });
  app.post('/bulk-download', async (c) => {
    const target = toolbox(c);
    const { paths } = await bodyOf(c, z.object({ paths: z.array(z.string()).min(1) }));
    const form = new FormData();
    for (const path of paths) {
      try {
        form.append('file', await readFile(target, path), {
          filepath: path,
          contentType: 'application/octet-stream',
        });
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        form.append('error', JSON.stringify(error.body(c.req.path)), {
          filepath: path,
          contentType: 'application/json',
        });
      }
    }
    const body = form.pipe(new PassThrough());
    return c.body(Readable.toWeb(body) as globalThis.ReadableStream, 200, form.getHeaders());
  });
  app.get('/download', async (c) => {
    const content = await readFile(toolbox(c), query(c, 'path'));
    return c.body(Readable.toWeb(content) as globalThis.ReadableStream, 200, {
      'content-type': 'application/octet-stream',
    });
  });
  app.get('/info', async (c) => c.json(await fileInfo(toolbox(c), query(c, 'path'))));
  app.get('/', async (c) => c.json(await listFiles(toolbox(c), c.req.query('path') ?? '.')));
  app.post('/folder', async (c) => {
    await makeFolder(toolbox(c), query(c, 'path'), c.req.query('mode') ?? '');
    return c.body(null, 201);
  });
  app.post('/move', async (c) => {
    await moveFile(toolbox(c), query(c, 'source'), query(c, 'destination'));
    return c.body(null, 200);
  });
  app.post('/permissions', async (c) => {
    const { mode, owner, group } = c.req.query();
    await setPermissions(toolbox(c), query(c, 'path'), { mode, owner, group });
    return c.body(null, 200);
  });
  app.delete('/', async (c) => {
    await deleteFile(toolbox(c), query(c, 'path'), c.req.query('recursive') === 'true');
    return c.body(null, 204);
  });
  return app;
}

/** Hands over each file of a form as it streams in: `files[i].path` names where `files[i].file` goes. */
async function eachUpload(
  c: Context,
  write: (path: string, content: Readable) => Promise<void>,
): Promise<void> {
  const { body } = c.req.raw;
  const contentType = c.req.header('content-type');
  if (body === null || contentType === undefined) throw new ApiError(400, 'The body is not a form');
  const paths = new Map<string, string>();
  const writes: Promise<void>[] = [];
  const form = busboy({ headers: { 'content-type': contentType }, preservePath: true });
  form.on('field', (name, value) => {
    const index = FILE_FIELD.exec(name)?.[1];
    if (index !== undefined) paths.set(index, value);
  });
  form.on('file', (name, content, { filename }) => {
    const path = paths.get(FILE_FIELD.exec(name)?.[1] ?? '') ?? filename;
    const written = write(path, content);
    // A failed write must still let the rest of the form pass.
    written.catch(() => content.resume());
    writes.push(written);
  });
  const closed = once(form, 'close');
  Readable.fromWeb(body as ReadableStream).pipe(form);
  await closed;
  await Promise.all(writes);
}
