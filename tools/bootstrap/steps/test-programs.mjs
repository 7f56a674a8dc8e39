import { StepError } from '../step-error.mjs';
import { canInstallPackages, installPackages, onPath } from './debian.mjs';

/** Programs that only the tests need, with the Debian package of each. */
const PROGRAMS = {
  chromium: 'chromium',
  mitmdump: 'mitmproxy',
  rsync: 'rsync',
  setpriv: 'util-linux',
  gcc: 'gcc',
};

/**
 * Makes sure that the programs the tests run against are there.
 *
 * @param {{ report: (detail: string) => void }} context
 */
export async function ensureTestPrograms({ report }) {
  const missing = Object.entries(PROGRAMS).filter(([program]) => !onPath(program));
  if (missing.length === 0) return 'all there';
  const packages = missing.map(([, name]) => name);
  if (!canInstallPackages()) {
    throw new StepError(`The tests need ${missing.map(([program]) => program).join(', ')}`, {
      wayOut: `Install them, on Debian or Ubuntu with: sudo apt-get install ${packages.join(' ')}`,
    });
  }
  await installPackages(packages, report);
  return `installed ${packages.join(', ')}`;
}
