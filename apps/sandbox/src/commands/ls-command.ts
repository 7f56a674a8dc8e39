import { isSandboxError, type SandboxInfo } from '@iterate/sandbox-provider';
import pc from 'picocolors';
import { configuredProviders, type SandboxConnection } from '../connect-provider.js';
import { openContext } from '../context.js';
import { formatTable } from '../display/format-table.js';
import { shortDuration } from '../duration.js';
import { EXIT_CODES } from '../exit-code.js';
import { listSandboxes, sandboxName } from '../find-sandbox.js';
import type { ProviderName } from '../provider-name.js';
import { LABELS } from '../sandbox-labels.js';

interface Row {
  readonly provider: ProviderName;
  readonly info: SandboxInfo;
  readonly urls: ReadonlyArray<readonly [port: number, url: string]>;
}

/**
 * `sandbox ls`: of one provider, or of all that this machine is set up for. One that does not answer costs a warning
 * and the exit code, never the list of the others.
 *
 * @returns 1 when a provider is missing in the list
 */
export async function lsCommand(
  provider: ProviderName | undefined,
  signal: AbortSignal,
  flags: { json?: boolean },
): Promise<number> {
  const providers = provider === undefined ? await configuredProviders() : [provider];
  const results = await Promise.allSettled(providers.map((name) => listRows(name, signal)));
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  if (failures.length === results.length) throw failures[0];
  const rows = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  rows.sort((a, b) => a.info.createdAt.getTime() - b.info.createdAt.getTime());
  process.stdout.write(flags.json === true ? asJson(rows) : asTable(rows));
  results.forEach((result, at) => {
    if (result.status === 'fulfilled') return;
    const reason = result.reason instanceof Error ? result.reason.message : String(result.reason);
    process.stderr.write(
      `${pc.yellow('warning:')} the sandboxes on ${providers[at]} are not listed: ${reason}\n`,
    );
  });
  return failures.length > 0 ? EXIT_CODES.failed : EXIT_CODES.ok;
}

async function listRows(provider: ProviderName, signal: AbortSignal): Promise<Row[]> {
  await using context = await openContext(provider, signal);
  const { connection } = context;
  for (const text of await context.cleanUp()) process.stderr.write(`${text}\n`);
  // Awaited here: the connection closes when this function ends.
  return await Promise.all(
    (await listSandboxes(connection)).map(async (info) => {
      const reachable = info.state === 'running' || info.state === 'paused' ? info.ports : [];
      if (reachable.length === 0) return { provider, info, urls: [] };
      return { provider, info, urls: await urlsOf(connection, info.id, reachable) };
    }),
  );
}

async function urlsOf(
  connection: SandboxConnection,
  id: string,
  ports: readonly number[],
): Promise<Row['urls']> {
  try {
    const sandbox = await connection.get(id);
    return await Promise.all(ports.map(async (port) => [port, (await sandbox.endpoint(port)).url] as const));
  } catch (error) {
    // Stopped or removed since it was listed.
    if (isSandboxError(error, 'SandboxNotFound') || isSandboxError(error, 'NotRunning')) return [];
    throw error;
  }
}

function asJson(rows: readonly Row[]): string {
  const list = rows.map(({ provider, info, urls }) => ({
    ...info,
    name: sandboxName(info),
    provider,
    urls: Object.fromEntries(urls),
  }));
  return `${JSON.stringify(list, undefined, 2)}\n`;
}

function asTable(rows: readonly Row[]): string {
  if (rows.length === 0) return 'No sandboxes. Make one with "sandbox up".\n';
  const now = Date.now();
  return formatTable(
    ['NAME', 'PROVIDER', 'STATE', 'AGE', 'EXPIRES', 'PORTS', 'LABELS'],
    rows.map(({ provider, info, urls }) => [
      sandboxName(info),
      provider,
      info.state,
      shortDuration(now - info.createdAt.getTime()),
      info.expiresAt === undefined ? '' : shortDuration(info.expiresAt.getTime() - now),
      urls.map(([port, url]) => portText(port, new URL(url))).join(' '),
      labelsText(info.labels),
    ]),
  );
}

/** Only on this machine does the number of a port tell anything. */
function portText(inside: number, { hostname, port }: URL): string {
  return hostname === '127.0.0.1' ? `${port}→${inside}` : String(inside);
}

/** What people tell sandboxes apart by: where it comes from and whose it is, then all labels that are not the CLI's. */
function labelsText(labels: Readonly<Record<string, string>>): string {
  const own: ReadonlySet<string> = new Set(Object.values(LABELS));
  const shown = { repo: labels[LABELS.repoDir], owner: labels[LABELS.owner] };
  const others = Object.entries(labels).filter(([name]) => !own.has(name) && !HIDDEN.test(name));
  return [...Object.entries(shown), ...others]
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
    .join(' ');
}

/** Notes of drivers and image builds, which tell people nothing. */
const HIDDEN = /^dev\.iterate\./;
