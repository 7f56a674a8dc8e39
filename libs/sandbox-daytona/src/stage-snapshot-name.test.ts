import { describe, expect, it } from 'vitest';
import { stageSnapshotName } from './stage-snapshot-name.js';

describe('stageSnapshotName', () => {
  it('joins the stage and the time in UTC', () => {
    const at = new Date('2026-02-03T23:59:08.999+02:00');
    expect(stageSnapshotName('prd', at)).toBe('prd--20260203-215908');
    expect(stageSnapshotName('dev-jo_n', at)).toBe('dev-jo_n--20260203-215908');
  });

  it.each(['', 'prod', 'dev-', 'dev-Jon', 'dev-a b', 'prd--x'])('refuses the stage %j', (stage) => {
    expect(() => stageSnapshotName(stage, new Date())).toThrow(
      expect.objectContaining({ code: 'InvalidSpec' }),
    );
  });
});
