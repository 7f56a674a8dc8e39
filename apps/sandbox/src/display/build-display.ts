import type { ImageEvent } from '@iterate/sandbox-image';
import { createLogUpdate } from 'log-update';
import pc from 'picocolors';

/** Shows a build on stderr. */
export interface BuildDisplay {
  event(event: ImageEvent): void;
  end(): void;
}

/** A live display on a terminal, lines elsewhere. */
export function buildDisplay(stream: NodeJS.WriteStream): BuildDisplay {
  return stream.isTTY ? liveBuild(stream) : plainBuild((line) => stream.write(`${line}\n`));
}

/** One line per event: for CI and pipes. */
export function plainBuild(write: (line: string) => void): BuildDisplay {
  return {
    event(event) {
      const line = event.type === 'log' ? `    ${event.text}` : eventLine(event);
      if (line !== undefined) write(line);
    },
    end() {},
  };
}

/** Finished steps stay; those that run are below them, each with its latest line of output. */
function liveBuild(stream: NodeJS.WriteStream): BuildDisplay {
  const update = createLogUpdate(stream);
  const running = new Map<number, { name: string; text: string; since: number }>();
  const draw = (): void => {
    const width = (stream.columns ?? 80) - 1;
    const lines = [...running.values()].flatMap(({ name, text, since }) => {
      const seconds = Math.floor((performance.now() - since) / 1000);
      const head = cut(`${seconds > 0 ? `${seconds}s ` : ''}${name}`, width - 2);
      return [`${pc.cyan('▸')} ${head}`, ...(text ? [pc.dim(`  ${cut(text, width - 2)}`)] : [])];
    });
    update(lines.join('\n'));
  };
  const clock = setInterval(draw, 1000);
  clock.unref();
  const say = (line: string | undefined): void => {
    if (line === undefined) return;
    update.clear();
    stream.write(`${line}\n`);
  };
  return {
    event(event) {
      if (event.type === 'log') {
        const step = running.get(event.step);
        if (step) step.text = event.text;
      } else if (event.type === 'step' && event.state === 'running') {
        running.set(event.step, { name: event.name, text: '', since: performance.now() });
      } else {
        if (event.type === 'step') running.delete(event.step);
        say(eventLine(event));
      }
      draw();
    },
    end() {
      clearInterval(clock);
      update.clear();
    },
  };
}

function eventLine(event: Exclude<ImageEvent, { type: 'log' }>): string | undefined {
  switch (event.type) {
    case 'resolved': {
      const where = event.branch ? ` on ${event.branch}` : '';
      return `${pc.dim('commit')} ${event.commit.slice(0, 12)}${where}${event.dirty ? ', with uncommitted changes' : ''}`;
    }
    case 'found':
      return `${pc.green('✔')} found ${event.where === 'engine' ? 'on the engine' : 'in the registry'}`;
    case 'waiting':
      return `${pc.yellow('…')} process ${event.pid} on ${event.host} builds the same image; its log is ${event.logFile}`;
    case 'building':
      return `${pc.dim('log')} ${event.logFile}`;
    case 'built':
      return `${pc.green('✔')} built in ${event.seconds.toFixed(1)} s`;
    case 'pushed':
      return `${pc.green('✔')} pushed ${event.reference} ${event.digest}`;
    case 'warning':
      return `${pc.yellow('!')} ${event.message}`;
    case 'step':
      return stepLine(event);
  }
}

function stepLine(step: Extract<ImageEvent, { type: 'step' }>): string | undefined {
  switch (step.state) {
    case 'running':
      return `${pc.cyan('▸')} ${step.name}`;
    case 'done':
      return `${pc.green('✔')} ${step.name} ${pc.dim(`${(step.seconds ?? 0).toFixed(1)} s`)}`;
    case 'cached':
      return `${pc.green('✔')} ${step.name} ${pc.dim('cached')}`;
    case 'canceled':
      return `${pc.yellow('■')} ${step.name} ${pc.dim('canceled')}`;
    case 'failed':
      return `${pc.red('✖')} ${step.name}`;
  }
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
