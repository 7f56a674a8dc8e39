/**
 * Streams the build context of a repository to nowhere, and prints what it cost as JSON. A process of its own on the built
 * library, so that its memory is only that.
 *
 * usage: stream-context.mjs <repository> <dockerfile> [ref]
 */
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { buildContext, keyOfImage, resolveSource } from '@iterate/sandbox-image';

const [repoDir = '.', dockerfile = 'Dockerfile', ref] = process.argv.slice(2);
const where = { repoDir, ...(ref === undefined ? {} : { ref }) };

const keyStarted = performance.now();
await keyOfImage({ ...where, dockerfile });
const keyMs = performance.now() - keyStarted;

const contextStarted = performance.now();
let bytes = 0;
const source = await resolveSource(where);
const nowhere = new Writable({
  write(chunk, _, done) {
    bytes += chunk.length;
    done();
  },
});
await pipeline(await buildContext(source, { dockerfile }), nowhere);
await source[Symbol.asyncDispose]();
const contextMs = performance.now() - contextStarted;

const rssBytes = process.resourceUsage().maxRSS * 1024;
process.stdout.write(`${JSON.stringify({ keyMs, contextMs, bytes, rssBytes })}\n`);
