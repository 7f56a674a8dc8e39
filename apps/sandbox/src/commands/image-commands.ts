import { pipeline } from 'node:stream/promises';
import {
  buildContext,
  diffImages,
  findImage,
  type ImageDiff,
  type ImageInfo,
  imageLayers,
  keyOfImage,
  listImages,
  type PruneResult,
  pruneImages,
  readBuildLog,
  resolveSource,
} from '@iterate/sandbox-image';
import { CliError } from '../cli-error.js';
import { formatBytes } from '../display/format-bytes.js';
import { formatTable } from '../display/format-table.js';
import { shortDuration } from '../duration.js';
import { imageSource, type SourceFlags } from '../image-source.js';

export interface ListFlags {
  readonly name?: string;
  readonly json?: boolean;
}

export interface PruneFlags extends ListFlags {
  readonly keep: number;
  readonly dryRun?: boolean;
}

export interface DiffFlags {
  readonly config?: string;
  readonly dockerfile?: string;
  readonly json?: boolean;
}

export type LogsFlags = SourceFlags;
export type ContextFlags = SourceFlags;

/** `sandbox image ls` */
export async function listCommand(flags: ListFlags, signal: AbortSignal): Promise<void> {
  const images = await listImages({ ...name(flags), signal });
  if (flags.json) return print(JSON.stringify(images, undefined, 2));
  if (images.length === 0) return print('No images. Make one with "sandbox snapshot".');
  const rows = images.map((image) => [
    image.name,
    image.branch ?? '(detached)',
    `${image.commit.slice(0, 12)}${image.dirty ? ' +' : ''}`,
    image.key.slice(0, 12),
    shortDuration(Date.now() - Date.parse(image.created)),
    formatBytes(image.size),
    image.usedBy.join(' '),
  ]);
  process.stdout.write(formatTable(['NAME', 'BRANCH', 'COMMIT', 'KEY', 'AGE', 'SIZE', 'USED BY'], rows));
}

/** `sandbox image inspect` */
export async function inspectCommand(wanted: string, flags: ListFlags, signal: AbortSignal): Promise<void> {
  const image = await findImage(wanted, { signal });
  const layers = await imageLayers(image.id, signal);
  if (flags.json) return print(JSON.stringify({ ...image, layers }, undefined, 2));
  const facts: [string, string][] = [
    ['Image', image.id],
    ['Key', image.key],
    ['Tags', image.tags.join(' ')],
    ['Tree', image.tree],
    ['Commit', `${image.commit}${image.dirty ? ', with uncommitted changes' : ''}`],
    ['Branch', image.branch ?? '(detached)'],
    ['Digest', image.digest ?? '(in no registry)'],
    ['Platform', image.platform],
    ['Created', image.created],
    ['Size', formatBytes(image.size)],
    ['Used by', image.usedBy.join(' ') || '(nothing)'],
  ];
  print(facts.map(([title, value]) => `${title.padEnd(9)} ${value}`).join('\n'));
  print(
    `\n${layers.map((layer) => `${formatBytes(layer.size).padStart(9)}  ${oneLine(layer.instruction)}`).join('\n')}`,
  );
}

/** `sandbox image logs` */
export async function logsCommand(
  wanted: string | undefined,
  flags: LogsFlags,
  signal: AbortSignal,
): Promise<void> {
  const source = await imageSource(process.cwd(), flags);
  const key =
    wanted === undefined
      ? await keyOfImage(keyInputs(source, signal))
      : (await findImage(wanted, { signal })).key;
  process.stdout.write(await readBuildLog(key));
}

/** `sandbox image prune` */
export async function pruneCommand(flags: PruneFlags, signal: AbortSignal): Promise<void> {
  if (!Number.isInteger(flags.keep) || flags.keep < 0) {
    throw new CliError('Usage', 'Expected a whole number from 0 on for --keep.', { option: '--keep' });
  }
  const result = await pruneImages({
    ...name(flags),
    keep: flags.keep,
    dryRun: flags.dryRun ?? false,
    signal,
  });
  print(flags.json ? JSON.stringify(result, undefined, 2) : pruneText(result, flags.dryRun ?? false));
}

/** `sandbox image diff` */
export async function diffCommand(
  from: string,
  to: string | undefined,
  flags: DiffFlags,
  signal: AbortSignal,
): Promise<void> {
  const { repoDir, dockerfile } = await imageSource(process.cwd(), flags);
  const diff = await diffImages({
    repoDir,
    from,
    signal,
    ...(to === undefined ? {} : { to }),
    ...(dockerfile === undefined ? {} : { dockerfile }),
  });
  print(flags.json ? JSON.stringify(diff, undefined, 2) : diffText(diff));
}

/** `sandbox image context` */
export async function contextCommand(flags: ContextFlags, signal: AbortSignal): Promise<void> {
  const { repoDir, ref, dockerfile = 'sandbox/Dockerfile' } = await imageSource(process.cwd(), flags);
  if (process.stdout.isTTY) {
    throw new CliError(
      'Usage',
      'A tar is nothing for a terminal: pipe it, as in "sandbox image context | tar t".',
      {},
    );
  }
  await using source = await resolveSource({ repoDir, signal, ...(ref === undefined ? {} : { ref }) });
  await pipeline(await buildContext(source, { dockerfile }), process.stdout);
}

function keyInputs(
  source: Parameters<typeof keyOfImage>[0],
  signal: AbortSignal,
): Parameters<typeof keyOfImage>[0] {
  const { repoDir, ref, dockerfile, target, name: imageName, baseImage, buildArgs, platform } = source;
  const given = { ref, dockerfile, target, name: imageName, baseImage, buildArgs, platform };
  return {
    repoDir,
    signal,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
}

function pruneText({ removed, kept }: PruneResult, dryRun: boolean): string {
  const line = (image: ImageInfo): string =>
    `${image.name} ${image.branch ?? '(detached)'} ${image.commit.slice(0, 12)} ${image.key.slice(0, 12)}`;
  const verb = dryRun ? 'would remove' : 'removed';
  const lines = [
    ...removed.map((image) => `${verb}  ${line(image)}`),
    ...kept.map(({ image, reason }) => `kept (${reason})  ${line(image)}`),
  ];
  return lines.length > 0 ? lines.join('\n') : 'There are no images.';
}

function diffText(diff: ImageDiff): string {
  const versions = (title: string, changes: ImageDiff['packages']): string[] =>
    changes.length === 0
      ? []
      : [title, ...changes.map((c) => `  ${c.name}  ${c.from ?? '(none)'} → ${c.to ?? '(none)'}`), ''];
  const files = diff.files.map(
    (file) => `  ${file.change.padEnd(8)} ${file.from ? `${file.from} → ` : ''}${file.path}`,
  );
  const lines = [
    ...versions('Agents and tools', diff.agents),
    ...versions('Packages', diff.packages),
    ...(files.length > 0 ? ['Files', ...files] : []),
  ];
  return lines.length > 0 ? lines.join('\n') : 'The same files: one image serves both.';
}

function name(flags: ListFlags): { name?: string } {
  return flags.name === undefined ? {} : { name: flags.name };
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
