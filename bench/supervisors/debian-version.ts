import { execa } from 'execa';

/** The installed version of a Debian package; undefined when it is not installed. */
export async function debianVersion(name: string): Promise<string | undefined> {
  const { stdout } = await execa('dpkg', ['-s', name], { reject: false });
  if (!stdout.includes('Status: install ok installed')) return undefined;
  return /^Version: (?:\d+:)?([\d.]+)/m.exec(stdout)?.[1];
}
