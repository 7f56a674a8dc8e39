import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../../test/test-manager.js';
import { configNames, loadConfig } from './load-config.js';

const bodies: Record<string, string> = {
  ts: 'const port: number = 1234;\nexport default { http: { port }, processes: { web: { command: "x" } } };',
  mts: 'export default { http: { port: 1234 as number }, processes: { web: { command: "x" } } };',
  js: 'export default { http: { port: 1234 }, processes: { web: { command: "x" } } };',
  mjs: 'export default { http: { port: 1234 }, processes: { web: { command: "x" } } };',
  json: '{ "http": { "port": 1234 }, "processes": { "web": { "command": "x" } } }',
  yaml: 'http: { port: 1234 }\nprocesses:\n  web:\n    command: x\n',
  yml: 'http: { port: 1234 }\nprocesses:\n  web:\n    command: x\n',
};

/** Where Node strips types itself, vitest takes the import over and fails; test/cli.test.ts covers it there. */
const names = process.features.typescript ? configNames.filter((name) => !name.endsWith('ts')) : configNames;

describe('loadConfig', () => {
  it.each(names)('finds and reads %s', async (name) => {
    using dir = tempDir();
    writeFileSync(join(dir.path, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(dir.path, name), bodies[name.split('.').at(-1) ?? ''] ?? '');
    const spec = await loadConfig({ path: dir.path });
    expect(spec.http?.port).toBe(1234);
    expect(spec.configFile).toBe(join(dir.path, name));
    expect(spec.units.get('web')?.cwd).toBe(dir.path);
  });

  it.skipIf(process.features.typescript)('reads the file anew each time', async () => {
    using dir = tempDir();
    const file = join(dir.path, 'pidnap.config.ts');
    writeFileSync(file, bodies.ts ?? '');
    await loadConfig({ path: file });
    writeFileSync(file, (bodies.ts ?? '').replace('1234', '4321'));
    expect((await loadConfig({ path: file })).http?.port).toBe(4321);
  });

  it('says what it looked for', async () => {
    using dir = tempDir();
    await expect(loadConfig({ path: dir.path })).rejects.toMatchObject({
      code: 'config-not-found',
      message: expect.stringContaining('pidnap.config.ts, pidnap.config.mts'),
    });
    await expect(loadConfig({ path: join(dir.path, 'nope.json') })).rejects.toMatchObject({
      code: 'config-not-found',
    });
  });

  it.each([
    ['json', '{ "http": ', /JSON/],
    ['yaml', 'a: [1', /\S/],
    ['mjs', 'export const config = {};', /no default export/],
    ['mjs', 'throw new Error("boom")', /boom/],
    ['ts', 'const x: = 1', /\S/],
  ])('a broken %s file is an error with its reason', async (extension, body, message) => {
    using dir = tempDir();
    const file = join(dir.path, `broken.${extension}`);
    writeFileSync(file, body);
    await expect(loadConfig({ path: file })).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(message),
    });
  });
});
