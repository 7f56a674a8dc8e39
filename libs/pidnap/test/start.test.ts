import { writeFileSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from './built-cli.js';
import { eventually, tempDir } from './test-manager.js';

/** Makes a process print which of Node's own modules it has loaded when it ends. */
const report = `process.on('exit', () => console.error(process.moduleLoadList.join('\\n')));`;
const NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(report)}`;

const costly = /NativeModule (?:https?|_http_\w+|http2|crypto|tls|internal\/deps\/undici\/undici)$/gm;

describe('the start of the built program', () => {
  it('loads none of the modules that a command line does without', async () => {
    const { stdout, stderr } = await runCli(['--version'], { env: { NODE_OPTIONS } });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(stderr).toContain('NativeModule fs');
    expect(stderr.match(costly)).toBeNull();
  });

  it('loads neither crypto nor undici for a manager that watches env files and listens', async () => {
    using dir = tempDir();
    writeFileSync(join(dir.path, '.env'), 'A=1\n');
    const config = {
      logDir: 'logs',
      http: { socket: 'api' },
      envFile: '.env',
      processes: { main: { command: 'test "$A" = 1', restart: 'never', critical: true } },
    };
    writeFileSync(join(dir.path, 'pidnap.config.json'), JSON.stringify(config));
    const { code, stderr } = await runCli(['init', '-c', dir.path], { env: { NODE_OPTIONS } });
    expect(code).toBe(0);
    expect(stderr).toContain('NativeModule http');
    expect(stderr.match(/crypto$|undici|tls$/gm)).toBeNull();
  });

  // Node 20 has no such cache, and nothing to test.
  const onNodeWithCache = 'enableCompileCache' in module ? it : (): void => {};
  onNodeWithCache('strips the types of a configuration once, and again when it has changed', async () => {
    using dir = tempDir();
    const env = { XDG_CACHE_HOME: dir.path, NODE_DEBUG_NATIVE: 'COMPILE_CACHE' };
    const check = async (): Promise<string> => {
      const { code, stderr } = await runCli(['check', dir.path], { env });
      expect(code).toBe(0);
      return stderr;
    };
    const file = join(dir.path, 'pidnap.config.ts');
    const stripped = /retrieving transpile cache for StrippedTypeScript .*success/;
    writeFileSync(file, `export default { processes: { a: { command: 'x' as string } } };`);
    expect(await check()).not.toMatch(stripped);
    await eventually(async () => expect(await check()).toMatch(stripped));
    writeFileSync(file, `export default { processes: { b: { command: 'y' as string } } };`);
    expect(await check()).not.toMatch(stripped);
  });
});
