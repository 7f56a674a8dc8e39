import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const executable = '/usr/bin/chromium';

/** Starts Debian's Chromium without a window. */
export function openBrowser(): Promise<Browser> {
  if (!existsSync(executable)) {
    throw new Error(`${executable} is missing: run "apt-get install --no-install-recommends chromium".`);
  }
  return chromium.launch({
    executablePath: executable,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
