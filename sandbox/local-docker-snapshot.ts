import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/**
 * Builds the image on the local Docker engine: of the working tree, or of the git ref that `SANDBOX_ITERATE_REPO_REF` or
 * `--ref` names. Takes all options of `sandbox snapshot`.
 */
const { exitCode } = await execa('nx', ['run', 'sandbox:snapshot', ...process.argv.slice(2)], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  env: { NX_TUI: 'false' },
  preferLocal: true,
  localDir: fileURLToPath(new URL('..', import.meta.url)),
  stdio: 'inherit',
  reject: false,
});
process.exitCode = exitCode ?? 1;
