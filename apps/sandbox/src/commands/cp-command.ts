import { CliError } from '../cli-error.js';
import type { CommandContext } from '../context.js';
import { parseCopy } from '../copy-path.js';

/** `sandbox cp` */
export async function cpCommand(context: CommandContext, from: string, to: string): Promise<void> {
  const { source, target } = parseCopy(from, to);
  const { signal } = context;
  if (source.side === 'here' && target.side === 'sandbox') {
    const { sandbox } = await context.find(target.name);
    try {
      await sandbox.fs.upload(source.path, target.path, { signal });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      throw new CliError('Usage', `There is nothing at ${source.path} here.`, {}, { cause: error });
    }
  } else if (source.side === 'sandbox') {
    const { sandbox } = await context.find(source.name);
    const { skippedLinks } = await sandbox.fs.download(source.path, target.path, { signal });
    for (const link of skippedLinks)
      process.stderr.write(`left out ${link}: a symlink that leads out of what was copied\n`);
  }
}
