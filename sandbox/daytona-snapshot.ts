import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/**
 * Builds the image of the working tree, or of the git ref that `SANDBOX_ITERATE_REPO_REF` or `--ref` names, and has
 * Daytona make a snapshot of it; prints the snapshot's name. Takes the stage and all options of `sandbox publish`.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const program = ['--conditions=@iterate/source', '--import', 'tsx', 'apps/sandbox/src/cli.ts'];
const { exitCode } = await execa(process.execPath, [...program, 'publish', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  reject: false,
});
process.exitCode = exitCode ?? 1;
