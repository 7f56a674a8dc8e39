import { Cron } from 'croner';
import type { ScheduleConfig } from './config.js';
import type { ConfigIssue } from './config-issues.js';

/** Cron expressions and time zones that cannot be read. */
export function checkSchedule(schedule: ScheduleConfig, path: string): ConfigIssue[] {
  const { cron, timeZone } = schedule;
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    return [
      { path: `${path}.timeZone`, message: `"${timeZone}" is not an IANA time zone such as Europe/London` },
    ];
  }
  try {
    new Cron(cron, { paused: true });
    return [];
  } catch (error) {
    return [{ path: `${path}.cron`, message: `"${cron}": ${(error as Error).message}` }];
  }
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
