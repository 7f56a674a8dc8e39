import { execa } from 'execa';

/** The commit that HEAD names, or the empty tree before there is one. */
export async function headCommit(root: string): Promise<string> {
  const head = await execa('git', ['rev-parse', '--verify', '--quiet', 'HEAD'], { cwd: root, reject: false });
  if (head.exitCode === 0) return head.stdout;
  const empty = await execa('git', ['hash-object', '-t', 'tree', '--stdin'], { cwd: root, input: '' });
  return empty.stdout;
}

/** Files that differ between two commits. */
export async function pathsBetween(root: string, from: string, to: string): Promise<string[]> {
  const { stdout } = await execa('git', ['diff-tree', '-r', '-z', '--name-only', from, to], { cwd: root });
  return stdout.split('\0').filter((path) => path !== '');
}
