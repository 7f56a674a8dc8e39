import { execa } from 'execa';

/** Everything that an image has in each of its directories but times: type, mode, owner, target of a link, content. */
const LIST = `
find / -xdev \\( -path /proc -o -path /sys -o -path /dev \\) -prune -o -printf '%p\\t%y %m %U:%G %l\\n'
find / -xdev \\( -path /proc -o -path /sys -o -path /dev \\) -prune -o -type f -print0 | xargs -0 sha256sum | sed -E 's/^(.{64})  (.*)$/\\2\\t\\1/'
`;

/** The engine makes these for each container. */
const OF_THE_CONTAINER = new Set(['/', '/.dockerenv', '/etc/hostname', '/etc/hosts', '/etc/resolv.conf']);

/** Paths of an image with what there is at each, as a container sees them before anything else has run. */
export async function imageFiles(image: string): Promise<Map<string, string>> {
  const isolated = ['--rm', '--user', 'root', '--network', 'none', '--entrypoint', 'bash'];
  const { stdout } = await execa('docker', ['run', ...isolated, image, '-c', LIST], { maxBuffer: 2 ** 28 });
  const files = new Map<string, string>();
  for (const line of stdout.split('\n')) {
    const [path = '', what = ''] = line.split('\t');
    if (!OF_THE_CONTAINER.has(path)) files.set(path, `${files.get(path) ?? ''}${what} `);
  }
  return files;
}
