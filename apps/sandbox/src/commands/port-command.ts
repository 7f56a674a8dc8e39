import open from 'open';
import type { CommandContext } from '../context.js';
import { DAEMON_PORT } from '../sandbox-ports.js';

/** `sandbox port` */
export async function portCommand(
  context: CommandContext,
  name: string | undefined,
  flags: { json?: boolean },
): Promise<void> {
  const { sandbox, info } = await context.find(name);
  const urls = await Promise.all(
    info.ports.map(async (port) => [port, (await sandbox.endpoint(port)).url] as const),
  );
  process.stdout.write(
    flags.json === true
      ? `${JSON.stringify(Object.fromEntries(urls), undefined, 2)}\n`
      : urls.map(([port, url]) => `${port}\t${url}\n`).join(''),
  );
}

/** `sandbox open`: the page of a port in the browser, of the daemon with its token. */
export async function openCommand(
  context: CommandContext,
  name: string | undefined,
  flags: { port: number; print?: boolean },
): Promise<void> {
  const { sandbox, info } = await context.find(name);
  const { url } = await sandbox.endpoint(flags.port);
  const secrets = flags.port === DAEMON_PORT ? await context.secrets.read(info.id) : undefined;
  const page = secrets === undefined ? `${url}/` : `${url}/#token=${secrets.token}`;
  if (flags.print === true) {
    process.stdout.write(`${page}\n`);
    return;
  }
  // Arguments of a program are seen by every user of the machine: the browser gets the token through a file.
  await open(secrets === undefined ? page : await context.secrets.writeEntrance(info.id, page));
  process.stderr.write(`Opening ${url}/ in the browser. --print shows the whole URL instead.\n`);
}
