import type { Command } from 'commander';
import type { Outcome } from '../program.js';
import type { ContextFlags, DiffFlags, ListFlags, LogsFlags, PruneFlags } from './image-commands.js';
import type { SnapshotFlags } from './snapshot-command.js';

/**
 * `sandbox snapshot` and `sandbox image …`. They are loaded when they run, and need no connection to a provider: finding
 * an image that exists takes less time than loading the rest.
 */
export function registerImageCommands(program: Command, signal: AbortSignal, outcome: Outcome): void {
  withSource(program.command('snapshot'))
    .description('make sure that the image of a git ref exists, and print it')
    .option('--platform <os/arch>', "what to build for (default: the engine's)")
    .option('--network <network>', 'network of build steps')
    .option(
      '--allow <path>',
      'a file that only looks as if it held secrets; * and ** stand for names',
      collect,
      [],
    )
    .option('--registry <host/path>', 'look here before building')
    .option('--push', 'push to the registry and verify what has arrived')
    .option('--force', 'build even when the image exists')
    .option('--no-cache', 'build every layer again')
    .option('--out <file>', 'write the result here too, the same bytes for the same image')
    .option('--json', 'print JSON')
    .action(async (flags: SnapshotFlags) => {
      const { snapshotCommand } = await import('./snapshot-command.js');
      await snapshotCommand(flags, signal);
      outcome.exitCode = 0;
    });

  const image = program.command('image').description('look into images and remove them');
  image
    .command('ls')
    .description('list the images on this engine')
    .option('--name <name>', 'only images of this name')
    .option('--json', 'print JSON')
    .action(async (flags: ListFlags) => (await import('./image-commands.js')).listCommand(flags, signal));
  image
    .command('inspect')
    .description('what an image was made from, and its layers')
    .argument('<image>', 'id, tag, key, tree, commit or branch')
    .option('--json', 'print JSON')
    .action(async (wanted: string, flags: ListFlags) =>
      (await import('./image-commands.js')).inspectCommand(wanted, flags, signal),
    );
  withSource(image.command('logs'))
    .description('print the build log of an image, also of one whose build failed')
    .argument(
      '[image]',
      'id, tag, key, tree, commit or branch (default: what --ref or the working tree makes)',
    )
    .action(async (wanted: string | undefined, flags: LogsFlags) =>
      (await import('./image-commands.js')).logsCommand(wanted, flags, signal),
    );
  image
    .command('prune')
    .description('remove old images; never one that a container is made from')
    .option('--keep <n>', 'how many stay of each branch', Number, 3)
    .option('--name <name>', 'only images of this name')
    .option('--dry-run', 'only say what would go')
    .option('--json', 'print JSON')
    .action(async (flags: PruneFlags) => (await import('./image-commands.js')).pruneCommand(flags, signal));
  image
    .command('diff')
    .description('what differs between the images of two refs: agents, packages, files')
    .argument('<from>', 'a git ref')
    .argument('[to]', 'a git ref (default: the working tree)')
    .option('--config <file>', 'sandbox.config.json of the project')
    .option('--dockerfile <path>', 'path in the repository')
    .option('--json', 'print JSON')
    .action(async (from: string, to: string | undefined, flags: DiffFlags) =>
      (await import('./image-commands.js')).diffCommand(from, to, flags, signal),
    );
  withSource(image.command('context'))
    .description('write the build context as a tar to stdout')
    .action(async (flags: ContextFlags) =>
      (await import('./image-commands.js')).contextCommand(flags, signal),
    );
}

/** Options that say what an image is made of. */
function withSource(command: Command): Command {
  return command
    .option('--ref <ref>', 'branch, tag, SHA or other revision (default: the working tree, as it is)')
    .option(
      '--config <file>',
      'sandbox.config.json of the project (default: the one found in the repository)',
    )
    .option('--dockerfile <path>', 'path in the repository')
    .option('--target <stage>', 'stage of the Dockerfile')
    .option('--name <name>', 'repository part of the tags')
    .option('--base-image <image>', 'given to the Dockerfile as BASE_IMAGE')
    .option('--build-arg <name=value>', 'part of the key, and readable in the image', collect, []);
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
