import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findEngineSocket } from './engine-socket.js';

let dir: string;
let server: Server;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'engine-socket-'));
  server = createServer((request, response) => {
    if (request.url === '/version') response.end('{"Os":"linux"}');
    else response.writeHead(request.url === '/images/none/json' ? 404 : 500).end('{"message":"no"}');
  }).listen(join(dir, 'engine.sock'));
  await once(server, 'listening');
});

afterAll(async () => {
  server.close();
  await rm(dir, { recursive: true, force: true });
});

const find = (env: Record<string, string>) => findEngineSocket({ env: { DOCKER_CONFIG: dir, ...env } });

it('asks the socket that DOCKER_HOST names', async () => {
  const socket = await find({ DOCKER_HOST: `unix://${join(dir, 'engine.sock')}` });
  expect(await socket?.get('/version')).toEqual({ Os: 'linux' });
  expect(await socket?.get('/images/none/json')).toBeUndefined();
  await expect(socket?.get('/broken')).rejects.toThrow(/answered with 500/);
});

it('fails when nobody answers there', async () => {
  const socket = await find({ DOCKER_HOST: `unix://${join(dir, 'nobody.sock')}` });
  await expect(socket?.get('/version')).rejects.toThrow(/ENOENT/);
});

it('leaves other transports and contexts to the command', async () => {
  expect(await find({ DOCKER_HOST: 'tcp://127.0.0.1:2375' })).toBeUndefined();
  expect(await find({ DOCKER_CONTEXT: 'elsewhere' })).toBeUndefined();
  expect(await find({ DOCKER_CONTEXT: 'default' })).toBeDefined();
  const config = join(dir, 'with-context');
  await mkdir(config);
  await writeFile(join(config, 'config.json'), '{"currentContext":"elsewhere"}');
  expect(await find({ DOCKER_CONFIG: config })).toBeUndefined();
  await writeFile(join(config, 'config.json'), '{"auths":{}}');
  expect(await find({ DOCKER_CONFIG: config })).toBeDefined();
  await writeFile(join(config, 'config.json'), 'garbage');
  expect(await find({ DOCKER_CONFIG: config })).toBeUndefined();
});
