import type { Command } from 'commander';
import type { CommandContext } from '../context.js';
import { parseDuration } from '../duration.js';
import { splitExecArguments } from '../exec-arguments.js';
import { parseLines, parsePortNumber, parseSeconds } from '../parse-option.js';
import { DAEMON_PORT } from '../sandbox-ports.js';
import type { ExecFlags } from './exec-command.js';

/** Makes the action of a command that works with a connection; what `run` returns as a number is the exit code. */
export type Connected = <Args extends unknown[]>(
  run: (context: CommandContext, ...args: Args) => Promise<unknown>,
) => (...args: [...Args, ...unknown[]]) => Promise<void>;

/** Commands on sandboxes that exist: look into them, start and stop them, remove them. */
export function registerSandboxCommands(program: Command, connected: Connected): void {
  program
    .command('exec')
    .description('run a command: sandbox exec [name] -- <command...>')
    .argument('[args...]', 'name of the sandbox, "--", the command')
    .option('-u, --user <user>', 'user to run it as')
    .option('-w, --cwd <directory>', 'directory to run it in')
    .passThroughOptions()
    .action(
      connected(async (context, args: string[], flags: ExecFlags) => {
        const { name, argv } = splitExecArguments(args, process.argv);
        return (await import('./exec-command.js')).execCommand(context, name, argv, flags);
      }),
    );

  program
    .command('shell')
    .description('open a shell')
    .argument('[name]', 'name of the sandbox')
    .option('-u, --user <user>', 'user to run it as')
    .option('-w, --cwd <directory>', 'directory to start in')
    .action(
      connected(async (context, name: string | undefined, flags: ExecFlags) =>
        (await import('./exec-command.js')).shellCommand(context, name, flags),
      ),
    );

  program
    .command('logs')
    .description('print the log of a service, or of the container')
    .argument('[service]', 'a service or task, such as iterate-daemon (default: the container itself)')
    .option('--name <name>', 'name of the sandbox')
    .option('-f, --follow', 'go on with new lines')
    .option('--tail <lines>', 'only the last lines', parseLines)
    .action(
      connected(
        async (
          context,
          service: string | undefined,
          flags: { name?: string; follow?: boolean; tail?: number },
        ) =>
          (await import('./logs-command.js')).logsCommand(context, flags.name, {
            ...flags,
            ...(service === undefined ? {} : { service }),
          }),
      ),
    );

  program
    .command('stop')
    .description('stop a sandbox; its files stay')
    .argument('[name]', 'name of the sandbox')
    .option('--timeout <seconds>', 'before it is killed', parseSeconds, 30)
    .option(
      '--when-idle <duration>',
      'wait until it has done nothing for so long, such as 30m',
      parseDuration,
    )
    .action(
      connected(async (context, name: string | undefined, flags: { timeout: number; whenIdle?: number }) =>
        (await import('./lifecycle-commands.js')).stopCommand(context, name, flags),
      ),
    );

  program
    .command('start')
    .description('start a stopped sandbox')
    .argument('[name]', 'name of the sandbox')
    .action(
      connected(async (context, name: string | undefined) =>
        (await import('./lifecycle-commands.js')).startCommand(context, name),
      ),
    );

  program
    .command('rm')
    .description('remove sandboxes with all that belongs to them')
    .argument('[names...]', 'names of sandboxes')
    .option('--all', 'remove every sandbox')
    .action(
      connected(async (context, names: string[], flags: { all?: boolean }) =>
        (await import('./lifecycle-commands.js')).rmCommand(context, names, flags),
      ),
    );

  program
    .command('pause')
    .description('freeze a sandbox: it keeps its memory and uses no CPU')
    .argument('[name]', 'name of the sandbox')
    .action(
      connected(async (context, name: string | undefined) =>
        (await import('./lifecycle-commands.js')).pauseCommand(context, name),
      ),
    );

  program
    .command('resume')
    .description('let a paused sandbox go on')
    .argument('[name]', 'name of the sandbox')
    .action(
      connected(async (context, name: string | undefined) =>
        (await import('./lifecycle-commands.js')).resumeCommand(context, name),
      ),
    );

  program
    .command('extend')
    .description('let a sandbox made with --ttl expire so long from now')
    .argument('<duration>', 'such as 30m or 8h', parseDuration)
    .argument('[name]', 'name of the sandbox')
    .action(
      connected(async (context, ms: number, name: string | undefined) =>
        (await import('./lifecycle-commands.js')).extendCommand(context, ms, name),
      ),
    );

  program
    .command('cp')
    .description('copy files: one path is here, the other one name:/path, or :/path')
    .argument('<from>', 'file or directory')
    .argument('<to>', 'place for it, or a directory to put it in')
    .action(
      connected(async (context, from: string, to: string) =>
        (await import('./cp-command.js')).cpCommand(context, from, to),
      ),
    );

  program
    .command('port')
    .description('print where the ports of a sandbox can be reached')
    .argument('[name]', 'name of the sandbox')
    .option('--json', 'print JSON')
    .action(
      connected(async (context, name: string | undefined, flags: { json?: boolean }) =>
        (await import('./port-command.js')).portCommand(context, name, flags),
      ),
    );

  program
    .command('open')
    .description('open the page of the daemon, or of another port, in the browser')
    .argument('[name]', 'name of the sandbox')
    .option('--port <port>', 'port inside', parsePortNumber, DAEMON_PORT)
    .option('--print', 'print the URL, with its token, instead')
    .action(
      connected(async (context, name: string | undefined, flags: { port: number; print?: boolean }) =>
        (await import('./port-command.js')).openCommand(context, name, flags),
      ),
    );

  program
    .command('stats')
    .description('print what running sandboxes use')
    .argument('[name]', 'name of the sandbox (default: all)')
    .option('--json', 'print JSON')
    .action(
      connected(async (context, name: string | undefined, flags: { json?: boolean }) =>
        (await import('./stats-command.js')).statsCommand(context, name, flags),
      ),
    );
}
