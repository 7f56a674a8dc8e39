import { Command, Option } from 'commander';
import type { DevFlags } from './commands/dev-command.js';
import type { PublishFlags } from './commands/publish-command.js';
import { registerImageCommands } from './commands/register-image-commands.js';
import { type Connected, registerSandboxCommands } from './commands/register-sandbox-commands.js';
import type { UpFlags } from './commands/up-command.js';
import { parseDuration, parseDurationOrZero } from './duration.js';
import { EXIT_CODES } from './exit-code.js';
import { parseCount, parsePort, parseSeconds } from './parse-option.js';
import { chosenProvider, PROVIDER_NAMES, requiredProvider } from './provider-name.js';

const EXAMPLES = `
Examples:
  $ sandbox up                            bring up the sandbox of this repository
  $ sandbox up --ref main --name main     a second one, of what is on main
  $ sandbox dev                           bring it up, and every save into it
  $ sandbox exec -- git status            run a command in it
  $ sandbox shell                         a shell in it
  $ sandbox logs iterate-daemon -f        follow the log of a service
  $ sandbox rm                            remove it and all that belongs to it

A command without a name means the only sandbox of the current repository.

Exit codes:
  0 done      1 failed     2 wrong usage        3 no such sandbox    4 no engine or service
  5 services not ready     6 port taken         130 interrupted
  exec and shell end with the code of the command; 125 when it could not be run.
`;

/** Where the exit code of a command goes. */
export interface Outcome {
  exitCode: number;
  /** Exit code for whatever error, where the codes of errors could be taken for those of a command. */
  failureCode?: number;
  /** Whether an error is shown with its stack. */
  verbose?: boolean;
}

/** The command line. @param signal Fires on the first Ctrl-C. */
export function createProgram(version: string, signal: AbortSignal, outcome: Outcome): Command {
  const program = new Command('sandbox')
    .description('Isolated environments in which coding agents work on a repository.')
    .version(version)
    .option('--verbose', 'show the stack of an error')
    .addOption(providerOption())
    .addHelpText('after', EXAMPLES)
    .enablePositionalOptions()
    .exitOverride();

  /** Runs a command with a connection that is closed in the end. */
  const connected: Connected =
    (run) =>
    async (...args) => {
      const provider = requiredProvider(providerFlag(args));
      const { openContext } = await import('./context.js');
      await using context = await openContext(provider, signal);
      const exitCode = await run(context, ...(args as never));
      outcome.exitCode = typeof exitCode === 'number' ? exitCode : EXIT_CODES.ok;
    };

  program
    .command('up')
    .description('bring up the sandbox of this repository: reuse it, start it, or make it')
    .option('--name <name>', 'name of the sandbox (default: that of the directory)')
    .option('--ref <ref>', 'build the image of this git ref instead of the working tree')
    .option('--build', 'build the image anew, and replace a sandbox made from another one')
    .option('--no-mount', 'do not mount the repository: its files are those of the image')
    .addOption(
      new Option('--port <inside=host>', 'publish a port on exactly this port of 127.0.0.1 (repeatable)')
        .argParser(parsePort)
        .default(new Map(), '3000 and 4096, or the next free ones'),
    )
    .option('--timeout <seconds>', 'for the services to become ready', parseSeconds, 300)
    .option('--ttl <duration>', 'remove it after so long, such as 8h (default: never)', parseDuration)
    .option('--snapshot <name>', 'Daytona: a snapshot that exists, instead of one of the working tree')
    .option(
      '--auto-stop <duration>',
      'Daytona: stop it after so long without a call; 0s for never (default: what the service does, 15m)',
      parseDurationOrZero,
    )
    .option('--keep-on-failure', 'keep a sandbox whose services do not become ready')
    .option('--json', 'print the result as JSON')
    .action(
      connected(async (context, flags: UpFlags) =>
        (await import('./commands/up-command.js')).upCommand(context, flags),
      ),
    );

  program
    .command('dev')
    .description('bring up the sandbox, then bring in every change of the working tree, until Ctrl-C')
    .option('--name <name>', 'name of the sandbox (default: that of the directory)')
    .option('--timeout <seconds>', 'for the services to become ready', parseSeconds, 300)
    .option('--json', 'print each event as a line of JSON')
    .action(
      connected(async (context, flags: DevFlags) =>
        (await import('./commands/dev-command.js')).devCommand(context, flags),
      ),
    );

  program
    .command('ls')
    .description('list all sandboxes, on all providers that are set up')
    .option('--json', 'print JSON')
    .action(async (flags: { json?: boolean }, command: Command) => {
      const provider = chosenProvider(providerFlag([command]));
      const { lsCommand } = await import('./commands/ls-command.js');
      outcome.exitCode = await lsCommand(provider, signal, flags);
    });

  registerSandboxCommands(program, connected);

  program
    .command('doctor')
    .description('check what this machine needs for sandboxes, and say what to do')
    .option('--json', 'print JSON')
    .action(async (flags: { json?: boolean }, command: Command) => {
      const provider = chosenProvider(providerFlag([command]));
      const { doctorCommand } = await import('./commands/doctor-command.js');
      outcome.exitCode = await doctorCommand(provider, flags);
    });

  program
    .command('publish')
    .description('make a Daytona snapshot of the image of a git ref, and print its name')
    .argument('<stage>', 'prd, stg or dev')
    .option('--ref <ref>', 'branch, tag or SHA (default: SANDBOX_ITERATE_REPO_REF, or the working tree)')
    .option(
      '--registry <host/path>',
      "where the service pulls the image from (default: SANDBOX_IMAGE_REGISTRY, or the service's own registry)",
    )
    .option('--force', 'make a new snapshot even when there is one of the same image')
    .option('--cpu <n>', 'cores of each sandbox', parseCount, 2)
    .option('--memory <GiB>', 'memory of each sandbox', parseCount, 4)
    .option('--disk <GiB>', 'disk of each sandbox', parseCount, 10)
    .option('--json', 'print JSON')
    .action(async (stage: string, flags: PublishFlags) => {
      const { publishCommand } = await import('./commands/publish-command.js');
      await publishCommand(stage, flags, signal);
    });

  registerImageCommands(program, signal, outcome);
  prepareCommands(program, program, outcome);
  return program;
}

/** They work with images on an engine, whichever provider sandboxes are made on. */
const ENGINE_ONLY = new Set(['image', 'snapshot', 'publish']);

/** Their exit codes are those of what runs inside. */
const RUNS_COMMANDS = new Set(['exec', 'shell']);

/** What the options of a command and those before it say of the provider; commander gives the command last. */
function providerFlag(args: readonly unknown[]): string | undefined {
  const command = args.at(-1);
  const value = command instanceof Command ? command.optsWithGlobals().provider : undefined;
  return typeof value === 'string' ? value : undefined;
}

const providerOption = () =>
  new Option(
    '--provider <name>',
    `where sandboxes are: ${PROVIDER_NAMES.join(' or ')} (default: SANDBOX_PROVIDER, or docker)`,
  );

/** Takes the options of all commands after the name of a command too, where one adds them. */
function prepareCommands(program: Command, command: Command, outcome: Outcome): void {
  for (const child of command.commands) {
    child.option('--verbose', 'show the stack of an error');
    if (!ENGINE_ONLY.has(child.name()) && !ENGINE_ONLY.has(command.name())) child.addOption(providerOption());
    prepareCommands(program, child, outcome);
  }
  if (command !== program) return;
  program.hook('preAction', (_, action) => {
    outcome.verbose = action.optsWithGlobals().verbose === true;
    if (RUNS_COMMANDS.has(action.name())) outcome.failureCode = EXIT_CODES.execFailed;
  });
}
