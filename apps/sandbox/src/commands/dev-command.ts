import { CliError } from '../cli-error.js';
import type { CommandContext } from '../context.js';
import { bringIn } from '../dev/bring-in.js';
import type { DevEvent } from '../dev/dev-event.js';
import { actionsFor, readDevRules } from '../dev/dev-rules.js';
import { watchTree } from '../dev/watch-tree.js';
import { devText } from '../display/dev-text.js';
import { findImageConfig } from '../image-source.js';
import { identifyRepo } from '../repo-identity.js';
import { bringUp, summary } from './up-command.js';

/** Options of `sandbox dev` as the command line gives them. */
export interface DevFlags {
  readonly name?: string;
  /** Seconds. */
  readonly timeout: number;
  readonly json?: boolean;
}

/** Where `up` mounts the working tree. */
const MOUNT = '/local-iterate-repo';

/** `sandbox dev` */
export async function devCommand(context: CommandContext, flags: DevFlags): Promise<void> {
  const { provider, signal } = context;
  if (provider !== 'docker')
    throw new CliError(
      'Usage',
      `sandbox dev needs the working tree mounted, which sandboxes on ${provider} cannot have. Use --provider docker.`,
      { option: '--provider' },
    );
  const tell = (event: DevEvent): void => {
    process.stdout.write(flags.json === true ? `${JSON.stringify(event)}\n` : devText(event));
  };
  const repo = await identifyRepo(process.cwd(), context);
  const config = await findImageConfig(repo.root);
  const rules = config === undefined ? [] : await readDevRules(config);
  const result = await bringUp(context, repo, { ...flags, mount: true, port: new Map() });
  if (flags.json !== true) process.stdout.write(summary(result, provider));
  const sandbox = await context.connection.get(result.id);
  if ((await sandbox.exec(['test', '-e', MOUNT], { signal })).exitCode !== 0)
    throw new CliError(
      'Usage',
      `The working tree is not mounted in "${result.name}": remove it ("sandbox rm ${result.name}"), or choose another --name.`,
      { option: '--name' },
    );

  // A change that could not be brought in still asks for what it asks for.
  let pending: readonly string[] = [];
  const onReady = (): void => tell({ type: 'watching', root: repo.root });
  try {
    for await (const paths of watchTree(repo.root, { signal, onReady })) {
      tell({ type: 'changed', paths });
      pending = [...new Set([...pending, ...paths])];
      if (await bringIn(sandbox, actionsFor(rules, pending), { signal, onEvent: tell })) pending = [];
    }
  } catch (error) {
    // Ctrl-C is how this ends.
    if (!signal.aborted) throw error;
  }
}
