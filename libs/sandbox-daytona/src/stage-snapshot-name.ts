import { SandboxError } from '@iterate/sandbox-provider';

const STAGE = /^(prd|stg|dev-[a-z0-9][a-z0-9_-]*)$/;

/**
 * `<stage>--<YYYYMMDD-HHMMSS>` in UTC.
 *
 * @throws SandboxError `InvalidSpec` for a stage other than `prd`, `stg` and `dev-<user>`
 */
export function stageSnapshotName(stage: string, at: Date): string {
  if (!STAGE.test(stage)) {
    const issue = `stage: "${stage}" is not "prd", "stg" or "dev-<user>" in lower case`;
    throw new SandboxError('InvalidSpec', `The stage is not valid: ${issue}`, { issues: [issue] });
  }
  const [date = '', time = ''] = at.toISOString().split('T');
  return `${stage}--${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}`;
}
