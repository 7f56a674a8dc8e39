import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';

const PROGRAMS = [
  ...[
    'sh',
    'base64',
    'basename',
    'cat',
    'chmod',
    'dd',
    'dirname',
    'find',
    'grep',
    'head',
    'id',
    'mkdir',
    'mkfifo',
  ],
  ...['mv', 'pwd', 'readlink', 'rm', 'sleep', 'stat', 'stty', 'su', 'tail', 'tar', 'tr'],
];

/** An image made of programs of this machine, so that no registry and no other image is needed. */
export interface MachineImage extends AsyncDisposable {
  /** With a tag, as Daytona demands. */
  readonly reference: string;
}

/** Imports an image with a shell, core utilities, tar and Node, each with the libraries it is linked to. */
export async function importMachineImage(): Promise<MachineImage> {
  const files = new Set(['/tmp', '/etc/passwd', '/etc/group', process.execPath]);
  for (const program of [...PROGRAMS.map((name) => `/bin/${name}`), process.execPath]) {
    files.add(program);
    for (const [, library = ''] of execFileSync('ldd', [realpathSync(program)])
      .toString()
      .matchAll(/(\/\S+)\s+\(0x/g))
      files.add(library);
  }
  const reference = `iterate-sandbox-daytona-test:${randomUUID()}`;
  // Links are followed, so that each file is where the programs look for it; /tmp comes without what is in it.
  const tar = spawn(
    'tar',
    ['-C', '/', '-chf', '-', '--no-recursion', ...[...files].map((path) => path.slice(1))],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const changes = ['ENV PATH=/bin', 'WORKDIR /'].flatMap((change) => ['--change', change]);
  const docker = spawn('docker', ['import', ...changes, '-', reference], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  tar.stdout.pipe(docker.stdin);
  const [code] = (await once(docker, 'close')) as [number];
  if (code !== 0) throw new Error(`docker import ended with code ${code}`);
  return {
    reference,
    async [Symbol.asyncDispose]() {
      execFileSync('docker', ['rmi', '--force', reference], { stdio: 'ignore' });
    },
  };
}
