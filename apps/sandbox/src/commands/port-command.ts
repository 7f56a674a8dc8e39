import type { Endpoint } from '@iterate/sandbox-provider';
import type { CommandContext } from '../context.js';
import { pageOf } from '../page-of.js';
import { DAEMON_PORT } from '../sandbox-ports.js';

/** `sandbox port`: the URLs, and the headers without which they do not answer. */
export async function portCommand(
  context: CommandContext,
  name: string | undefined,
  flags: { json?: boolean },
): Promise<void> {
  const { sandbox, info } = await context.find(name);
  const endpoints = await Promise.all(
    info.ports.map(async (port) => [port, await sandbox.endpoint(port)] as const),
  );
  process.stdout.write(
    flags.json === true
      ? `${JSON.stringify(Object.fromEntries(endpoints), undefined, 2)}\n`
      : endpoints.map(([port, endpoint]) => portLine(port, endpoint)).join(''),
  );
}

function portLine(port: number, { url, headers = {} }: Endpoint): string {
  const needed = Object.entries(headers).map(([header, value]) => `${header}: ${value}`);
  return `${[port, url, ...needed].join('\t')}\n`;
}

/** `sandbox open`: the page of a port in the browser, of the daemon with its token. */
export async function openCommand(
  context: CommandContext,
  name: string | undefined,
  flags: { port: number; print?: boolean },
): Promise<void> {
  const { sandbox, info } = await context.find(name);
  const endpoint = await sandbox.endpoint(flags.port);
  const secrets = flags.port === DAEMON_PORT ? await context.secrets.read(info.id) : undefined;
  const page = secrets === undefined ? pageOf(endpoint) : `${pageOf(endpoint)}#token=${secrets.token}`;
  if (flags.print === true) {
    process.stdout.write(`${page}\n`);
    return;
  }
  // Arguments of a program are seen by every user of the machine: the browser gets tokens through a file.
  const isSecret = secrets !== undefined || endpoint.pageUrl !== undefined;
  const { default: open } = await import('open');
  await open(isSecret ? await context.secrets.writeEntrance(info.id, page) : page);
  process.stderr.write(`Opening ${endpoint.url}/ in the browser. --print shows the whole URL instead.\n`);
}
