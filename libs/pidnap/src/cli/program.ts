import { Command, InvalidArgumentError, Option } from 'commander';
import { createClient } from '../client/create-client.js';
import type { PidnapApi } from '../protocol/api.js';
import { version } from '../version.js';

/** What a command gets to work with. */
export interface CommandContext {
  /** A client of the manager the command line names. */
  client(): PidnapApi;
  readonly json: boolean;
  exit(code: number): void;
}

interface GlobalOptions {
  readonly url?: string;
  readonly socket?: string;
  readonly token?: string;
  readonly json?: boolean;
}

/** The command line. Each command's code is loaded when it is called. */
export function createProgram(exit: (code: number) => void): Command {
  const program = new Command('pidnap')
    .description('Supervises the processes of a container.')
    .version(version)
    .exitOverride()
    .showHelpAfterError()
    .enablePositionalOptions();
  for (const option of globalOptions()) program.addOption(option);

  const context: CommandContext = {
    client: () => {
      const { url, socket, token } = program.opts<GlobalOptions>();
      return createClient({
        ...(url !== undefined && { url }),
        ...(socket !== undefined && { socketPath: socket }),
        ...(token !== undefined && { token }),
      });
    },
    get json() {
      return program.opts<GlobalOptions>().json ?? false;
    },
    exit,
  };
  /** The options of all commands work before and after the name of the command. */
  const command = (parent: Command, usage: string, description: string): Command => {
    const child = parent.command(usage).description(description);
    for (const option of globalOptions()) child.addOption(option.hideHelp());
    return child.hook('preAction', (_, action) => {
      for (const key of ['url', 'socket', 'token', 'json'] as const) {
        if (action.getOptionValueSource(key) === 'cli') program.setOptionValue(key, action.opts()[key]);
      }
    });
  };

  command(program, 'init', 'start the manager in the foreground')
    .option('-c, --config <path>', 'configuration file, or a directory with one', '.')
    .option('--logs', 'also print the output of all services, each line with its name')
    .option('--json-logs', 'print the manager log and all output as JSON lines')
    .option('-q, --quiet', 'print nothing; the log files have it all')
    .action(async (options) => exit(await (await import('./init.js')).init(options)));

  command(program, 'status', 'the manager at a glance').action(async () =>
    (await import('./status.js')).status(context),
  );

  const processes = program.command('processes').description('look at and steer processes');
  command(processes, 'list', 'list all processes').action(async () =>
    (await import('./processes.js')).listProcesses(context),
  );
  command(processes, 'get <name>', 'show one process')
    .option('--show-secrets', 'show the values of its environment; needs a token, over loopback only')
    .action(async (name, options) => (await import('./processes.js')).getProcess(context, name, options));
  for (const verb of ['restart', 'stop', 'start'] as const) {
    command(processes, `${verb} <name>`, `${verb} a process`).action(async (name) =>
      (await import('./processes.js')).steerProcess(context, verb, name),
    );
  }

  const tasks = program.command('tasks').description('look at and run tasks');
  command(tasks, 'list', 'list all tasks').action(async () =>
    (await import('./tasks.js')).listTasks(context),
  );
  command(tasks, 'get <name>', 'show one task')
    .option('--show-secrets', 'show the values of its environment; needs a token, over loopback only')
    .action(async (name, options) => (await import('./tasks.js')).getTask(context, name, options));
  command(tasks, 'run <name>', 'run a task again').action(async (name) =>
    (await import('./tasks.js')).runTask(context, name),
  );
  tasks.action(async () => (await import('./tasks.js')).listTasks(context));

  command(program, 'logs [names...]', 'print logs, merged by time; all when no name is given')
    .option('-f, --follow', 'stay and print new lines')
    .option('-n, --tail <lines>', 'only the last lines of each log', wholeNumber)
    .option('--since <time>', 'only lines since an ISO time, or 10s, 5m, 2h, 1d ago')
    .option('-t, --timestamps', 'print the time of each line')
    .action(async (names, options) => (await import('./logs.js')).logs(context, names, options));

  command(program, 'wait [names...]', 'wait until processes are ready and tasks completed; all by default')
    .addOption(new Option('--for <condition>', 'what to wait for').choices(['ready']).default('ready'))
    .option('--timeout <seconds>', 'give up after so long', seconds, 60_000)
    .action(async (names, options) => (await import('./wait.js')).wait(context, names, options));

  command(program, 'events', 'print events as they happen')
    .option('--cursor <id>', 'begin after this event; 0 for all that are kept', wholeNumber)
    .option('--no-follow', 'end after what is there now')
    .action(async (options) => (await import('./events.js')).events(context, options));

  command(program, 'reload', 'apply the changed configuration').action(async () =>
    (await import('./reload.js')).reload(context),
  );

  program
    .command('run <name> [command...]')
    .description('run the command of a process or task once, here, with its environment and directory')
    .option('-c, --config <path>', 'configuration file, or a directory with one', '.')
    .passThroughOptions()
    .action(async (name, words, options) => exit(await (await import('./run.js')).run(name, words, options)));

  command(program, 'top', 'watch all processes live')
    .option('--interval <seconds>', 'between updates', seconds, 1000)
    .action(async (options) => (await import('./top.js')).top(context, options));

  command(program, 'check [path]', 'validate a configuration without running it').action(async (path) =>
    (await import('./check.js')).check(context, path),
  );

  program
    .command('completion <shell>')
    .description('print a completion script for bash, zsh or fish')
    .action(async (shell) => (await import('./completion.js')).completion(program, shell));

  return program;
}

function globalOptions(): Option[] {
  return [
    new Option('--url <url>', 'where the manager listens').env('PIDNAP_URL'),
    new Option('--socket <path>', 'unix socket of the manager').env('PIDNAP_SOCKET'),
    new Option('--token <token>', 'bearer token').env('PIDNAP_TOKEN'),
    new Option('--json', 'print JSON'),
  ];
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('a whole number is needed.');
  return Number(text);
}

/** @returns milliseconds */
function seconds(text: string): number {
  const value = Number(text.replace(/s$/, ''));
  if (!Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError('seconds are needed, such as 30.');
  return value * 1000;
}
