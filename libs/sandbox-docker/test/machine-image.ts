import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { pack } from 'tar-stream';

const PROGRAMS = [
  'sh',
  'cat',
  'find',
  'grep',
  'head',
  'mkdir',
  'mkfifo',
  'mv',
  'readlink',
  'rm',
  'sleep',
  'stat',
  'stty',
  'tail',
  'tr',
  'id',
  'pwd',
];

/** Whether this machine, and so the image, has curl; a fresh Debian has none. */
export const hasCurl = spawnSync('curl', ['--version']).status === 0;

/** An image made of programs of this machine, so that no registry and no other image is needed. */
export interface MachineImage extends AsyncDisposable {
  readonly reference: string;
}

/**
 * Imports an image with a shell, some core utilities and Node, each with the libraries it is linked to.
 *
 * @param user User of the image; uid 1000.
 */
export async function importMachineImage(docker: Docker, user = 'agent'): Promise<MachineImage> {
  const archive = pack();
  for (const directory of [
    'bin',
    'etc',
    'tmp',
    'home',
    `home/${user}`,
    'var',
    'var/lib',
    'usr',
    'usr/bin',
    'proc',
    'sys',
    'dev',
  ])
    archive.entry({
      name: directory,
      type: 'directory',
      mode: directory === 'tmp' || directory === 'var/lib' ? 0o1777 : 0o755,
    });
  archive.entry(
    { name: 'etc/passwd' },
    `root:x:0:0::/:/bin/sh\n${user}:x:1000:1000::/home/${user}:/bin/sh\n`,
  );
  archive.entry({ name: 'etc/group' }, `root:x:0:\n${user}:x:1000:\n`);
  const libraries = new Set<string>();
  const add = (source: string, target: string) => {
    archive.entry(
      { name: target.replace(/^\//, ''), mode: statSync(source).mode & 0o777 },
      readFileSync(source),
    );
    for (const library of linkedLibraries(source)) libraries.add(library);
  };
  for (const program of [...PROGRAMS, ...(hasCurl ? ['curl'] : [])]) add(which(program), `/bin/${program}`);
  add(process.execPath, '/bin/node');
  // Libraries stay at the paths under which the programs look for them.
  const directories = new Set([...libraries].map(dirname));
  for (const directory of directories)
    archive.entry({ name: `${directory.slice(1)}/`, type: 'directory', mode: 0o755 });
  for (const library of libraries)
    archive.entry({ name: library.slice(1), mode: 0o755 }, readFileSync(realpathSync(library)));
  archive.finalize();

  // Podman would put the name of a registry before one that has none.
  const reference = `localhost/iterate-sandbox-docker-test:${randomUUID()}`;
  const changes = [`USER ${user}`, 'ENV PATH=/bin', 'WORKDIR /', 'CMD ["cat"]', 'LABEL dev.iterate.test=1'];
  const stream = await docker.importImage(Readable.from(archive, { objectMode: false }), {
    // With its tag: Podman ignores one given apart.
    repo: reference,
    changes,
  });
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve()));
  });
  return {
    reference,
    async [Symbol.asyncDispose]() {
      await docker.getImage(reference).remove();
    },
  };
}

function which(program: string): string {
  return realpathSync(
    execFileSync('/bin/sh', [
      '-c',
      'command -v -- "$1" || ls "/bin/$1"',
      'sh',
      program === 'pwd' ? '/bin/pwd' : program,
    ])
      .toString()
      .trim(),
  );
}

function linkedLibraries(program: string): string[] {
  const text = execFileSync('ldd', [program]).toString();
  return [...text.matchAll(/(\/\S+)\s+\(0x/g)]
    .map((match) => String(match[1]))
    .filter((path) => basename(path) !== '');
}
