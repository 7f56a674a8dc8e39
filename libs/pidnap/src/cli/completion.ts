import type { Command } from 'commander';
import { PidnapError } from '../pidnap-error.js';
import { printLine } from './stdio.js';

/** Names of processes and tasks come from the running manager. */
const listNames =
  'pidnap --json processes list 2>/dev/null | sed -n \'s/^    "name": "\\(.*\\)",$/\\1/p\'; pidnap --json tasks list 2>/dev/null | sed -n \'s/^    "name": "\\(.*\\)",$/\\1/p\'';

/** `pidnap completion <shell>` */
export function completion(program: Command, shell: string): void {
  printLine(completionScript(program, shell));
}

function completionScript(program: Command, shell: string): string {
  const commands = visible(program);
  const nested = program.commands.filter((command) => command.commands.length > 0);
  switch (shell) {
    case 'bash':
      return bash(commands, nested);
    case 'zsh':
      return `autoload -U +X bashcompinit && bashcompinit\n${bash(commands, nested)}`;
    case 'fish':
      return fish(program, nested);
    default:
      throw new PidnapError(
        'bad-request',
        `There is no completion for "${shell}": bash, zsh and fish are known.`,
      );
  }
}

function visible(command: Command): string[] {
  return command.commands.map((child) => child.name());
}

function bash(commands: readonly string[], nested: readonly Command[]): string {
  const cases = nested.map((command) => `      ${command.name()}) words="${visible(command).join(' ')}" ;;`);
  return `_pidnap() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${commands.join(' ')}"
  elif [ "$COMP_CWORD" -eq 2 ]; then
    case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
      logs|wait|run) words="$(${listNames})" ;;
      completion) words="bash zsh fish" ;;
    esac
  else
    words="$(${listNames})"
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _pidnap pidnap`;
}

function fish(program: Command, nested: readonly Command[]): string {
  const top = program.commands.map(
    (command) =>
      `complete -c pidnap -f -n __fish_use_subcommand -a ${command.name()} -d '${command.description()}'`,
  );
  const inner = nested.flatMap((command) =>
    command.commands.map(
      (child) =>
        `complete -c pidnap -f -n '__fish_seen_subcommand_from ${command.name()}' -a ${child.name()} -d '${child.description()}'`,
    ),
  );
  const names = `complete -c pidnap -f -n '__fish_seen_subcommand_from get start stop restart run logs wait' -a "(${listNames.replaceAll('"', '\\"')})"`;
  return [...top, ...inner, names].join('\n');
}
