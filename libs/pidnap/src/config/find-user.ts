import { readFileSync } from 'node:fs';
import type { ConfigIssue } from './config-issues.js';
import type { UnitSpec } from './spec.js';

/** Looks a user up in /etc/passwd, which is where a container's users are. */
export function findUser(user: string | number, path: string, issues: ConfigIssue[]): UnitSpec['user'] {
  const wanted = String(user);
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name = '', , uid = '', gid = '', , home = '/'] = line.split(':');
    if (name === wanted || uid === wanted) return { uid: Number(uid), gid: Number(gid), name, home };
  }
  issues.push({ path, message: `there is no user "${wanted}" in /etc/passwd` });
  return null;
}
