import { randomBytes } from 'node:crypto';
import { type Context, Hono } from 'hono';
import * as z from 'zod';
import { ApiError } from './api-error.js';
import { bodyOf } from './body.js';
import { splitLabelled } from './labelled-lines.js';
import { MARK, signalMarked } from './marked-processes.js';
import type { Sandboxes } from './sandboxes.js';
import type { SessionCommand } from './session-command.js';
import type { Toolbox } from './toolbox.js';

const execute = z.object({
  command: z.string().min(1),
  cwd: z.string().optional(),
  envs: z.record(z.string(), z.string()).optional(),
  timeout: z.number().min(0).optional(),
});

const sessionExecute = z.object({
  command: z.string().min(1),
  runAsync: z.boolean().optional(),
  async: z.boolean().optional(),
  suppressInputEcho: z.boolean().optional(),
});

const size = z.object({ cols: z.int().positive(), rows: z.int().positive() });

/** `/{sandboxId}/process` of the toolbox API, without its sockets. */
export function processRoutes(sandboxes: Sandboxes): Hono {
  const app = new Hono();
  const toolbox = (c: Context) => sandboxes.toolbox(c.req.param('sandboxId') ?? '');

  app.post('/execute', async (c) => c.json(await runCommand(toolbox(c), await bodyOf(c, execute))));

  app.post('/session', async (c) => {
    const { sessionId } = await bodyOf(c, z.object({ sessionId: z.string().min(1) }));
    await toolbox(c).createSession(sessionId);
    return c.body(null, 201);
  });
  app.get('/session', (c) => c.json([...toolbox(c).sessions.values()].map((session) => session.toJSON())));
  app.get('/session/entrypoint', (c) => c.json(toolbox(c).entrypoint.toJSON()));
  app.get('/session/entrypoint/logs', async (c) => {
    const [command] = toolbox(c).entrypoint.commands.values();
    return c.json(command === undefined ? { output: '', stdout: '', stderr: '' } : await logsOf(command));
  });
  app.get('/session/:session', (c) => c.json(toolbox(c).session(c.req.param('session')).toJSON()));
  app.delete('/session/:session', async (c) => {
    await toolbox(c).deleteSession(c.req.param('session'));
    return c.body(null, 204);
  });
  app.post('/session/:session/exec', async (c) => {
    const session = toolbox(c).session(c.req.param('session'));
    const request = await bodyOf(c, sessionExecute);
    const detached = request.runAsync ?? request.async ?? false;
    const command = session.execute(request.command, {
      withInput: detached,
      echo: request.suppressInputEcho !== true,
    });
    if (detached) return c.json({ cmdId: command.id }, 202);
    await command.finished;
    return c.json({ cmdId: command.id, exitCode: command.exitCode, ...(await logsOf(command)) });
  });
  app.get('/session/:session/command/:command', (c) => {
    const { session, command } = c.req.param();
    return c.json(toolbox(c).session(session).command(command).toJSON());
  });
  app.get('/session/:session/command/:command/logs', async (c) => {
    const { session, command } = c.req.param();
    return c.json(await logsOf(toolbox(c).session(session).command(command)));
  });
  app.post('/session/:session/command/:command/input', async (c) => {
    const { session, command } = c.req.param();
    const { data } = await bodyOf(c, z.object({ data: z.string() }));
    await toolbox(c).session(session).input(command, data);
    return c.body(null, 204);
  });

  app.get('/pty', (c) => c.json({ sessions: [...toolbox(c).terminals.values()].map((pty) => pty.toJSON()) }));
  app.get('/pty/:id', (c) => c.json(toolbox(c).terminal(c.req.param('id')).toJSON()));
  app.post('/pty/:id/resize', async (c) => {
    const terminal = toolbox(c).terminal(c.req.param('id'));
    await terminal.resize(await bodyOf(c, size));
    return c.json(terminal.toJSON());
  });
  app.delete('/pty/:id', async (c) => {
    await toolbox(c).terminal(c.req.param('id')).close();
    return c.body(null, 200);
  });
  return app;
}

async function logsOf({ log }: SessionCommand): Promise<{ output: string; stdout: string; stderr: string }> {
  return splitLabelled(await log.text());
}

/** Runs a shell command to its end; both outputs arrive as one. */
async function runCommand(
  { engine, container, env }: Toolbox,
  { command, cwd, envs, timeout = 0 }: z.output<typeof execute>,
): Promise<{ exitCode: number; result: string }> {
  const mark = randomBytes(16).toString('hex');
  const running = engine.run(container, {
    argv: ['/bin/sh', '-c', `exec 2>&1\n${command}`],
    cwd,
    env: { ...env, ...envs, [MARK]: mark },
  });
  let timedOut = false;
  const timer =
    timeout > 0
      ? setTimeout(() => {
          timedOut = true;
          void signalMarked(engine, container, mark, 'KILL');
        }, timeout * 1000)
      : undefined;
  const { exitCode, stdout } = await running;
  clearTimeout(timer);
  if (timedOut) throw new ApiError(408, 'command execution timeout', 'PROCESS_EXECUTION_TIMEOUT');
  return { exitCode, result: stdout.toString('utf8') };
}
