/** The commands that work on sandboxes, and what they need: loaded by the first of them that runs. */
export { cpCommand } from './commands/cp-command.js';
export { doctorCommand } from './commands/doctor-command.js';
export { execCommand, shellCommand } from './commands/exec-command.js';
export {
  extendCommand,
  pauseCommand,
  resumeCommand,
  rmCommand,
  startCommand,
  stopCommand,
} from './commands/lifecycle-commands.js';
export { logsCommand } from './commands/logs-command.js';
export { lsCommand } from './commands/ls-command.js';
export { openCommand, portCommand } from './commands/port-command.js';
export { statsCommand } from './commands/stats-command.js';
export { upCommand } from './commands/up-command.js';
export { openContext } from './context.js';
