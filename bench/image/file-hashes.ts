import { execa } from 'execa';

/** Paths and SHA-256 of all files in an image, as a container sees them before anything else has run. */
export async function fileHashes(image: string): Promise<Map<string, string>> {
  const script =
    'find / -xdev \\( -path /proc -o -path /sys -o -path /dev \\) -prune -o -type f -print0 | xargs -0 sha256sum';
  const run = [
    'run',
    '--rm',
    '--user',
    'root',
    '--network',
    'none',
    '--entrypoint',
    'bash',
    image,
    '-c',
    script,
  ];
  const { stdout } = await execa('docker', run, { maxBuffer: 2 ** 28 });
  return new Map(stdout.split('\n').map((line) => [line.slice(66), line.slice(0, 64)]));
}
