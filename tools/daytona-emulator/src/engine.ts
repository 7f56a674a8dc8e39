import { PassThrough, type Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import Docker from 'dockerode';

/** Marks the containers of emulators, with the process that made them as the value. */
const OWNER_LABEL = 'dev.iterate.daytona-emulator.pid';

// PID 1 stays until the container is stopped, whatever the entrypoint does, as the hosted service's daemon does.
const KEEPER = ['/bin/sh', '-c', 'trap "exit 0" TERM INT; while :; do sleep 3600 & wait $!; done'];

/** How a sandbox's container is made. */
export interface ContainerOptions {
  name: string;
  image: string;
  user?: string | undefined;
  cpus: number;
  memoryGib: number;
  networkBlocked: boolean;
}

/** A program that runs in a container. */
export interface RunningExec {
  /** Input and, with a terminal, output. */
  stream: NodeJS.ReadWriteStream & { destroy(): void };
  stdout: Readable;
  stderr: Readable;
  resize(size: { cols: number; rows: number }): Promise<void>;
  /** Once the output has ended. */
  exitCode(): Promise<number>;
}

/** How to run a program in a container. */
export interface ExecRequest {
  argv: string[];
  cwd?: string | undefined;
  env?: Record<string, string> | undefined;
  user?: string | undefined;
  tty?: boolean;
}

/** The part of the Docker engine that sandboxes need. */
export class Engine {
  readonly docker: Docker;

  constructor(docker: Docker = new Docker()) {
    this.docker = docker;
  }

  async createContainer(options: ContainerOptions): Promise<Docker.Container> {
    return this.docker.createContainer({
      name: options.name,
      Image: options.image,
      Entrypoint: KEEPER,
      Cmd: [],
      ...(options.user === undefined ? {} : { User: options.user }),
      Labels: { [OWNER_LABEL]: String(process.pid) },
      HostConfig: {
        Init: true,
        NanoCpus: options.cpus * 1e9,
        Memory: options.memoryGib * 1024 ** 3,
        SecurityOpt: ['no-new-privileges'],
        ...(options.networkBlocked ? { NetworkMode: 'none' } : {}),
      },
    });
  }

  /** Starts a program; its outputs must be read. */
  async exec(container: string, request: ExecRequest): Promise<RunningExec> {
    const exec = await this.docker.getContainer(container).exec({
      Cmd: request.argv,
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      Tty: request.tty ?? false,
      ...(request.cwd === undefined ? {} : { WorkingDir: request.cwd }),
      ...(request.user === undefined ? {} : { User: request.user }),
      Env: Object.entries(request.env ?? {}).map(([key, value]) => `${key}=${value}`),
    });
    const stream = await exec.start({ hijack: true, stdin: true, Tty: request.tty ?? false });
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    const end = () => {
      stdout.end();
      stderr.end();
    };
    stream.once('end', end);
    stream.once('close', end);
    stream.once('error', end);
    if (request.tty === true) stream.pipe(stdout, { end: false });
    else this.docker.modem.demuxStream(stream, stdout, stderr);
    return {
      stream,
      stdout,
      stderr,
      resize: ({ cols, rows }) => exec.resize({ w: cols, h: rows }),
      async exitCode() {
        const { ExitCode } = await exec.inspect();
        return ExitCode ?? -1;
      },
    };
  }

  /** Runs a program to its end, with its input closed. */
  async run(
    container: string,
    request: ExecRequest,
  ): Promise<{ exitCode: number; stdout: Buffer; stderr: Buffer }> {
    const { stream, stdout, stderr, exitCode } = await this.exec(container, request);
    stream.end();
    const [out, err] = await Promise.all([buffer(stdout), buffer(stderr)]);
    return { exitCode: await exitCode(), stdout: out, stderr: err };
  }

  /** Removes a container that may be gone already. */
  async remove(container: string): Promise<void> {
    try {
      await this.docker.getContainer(container).remove({ force: true, v: true });
    } catch (error) {
      if (engineStatus(error) !== 404 && engineStatus(error) !== 409) throw error;
    }
  }

  /** Removes the containers of emulators that were killed. */
  async sweep(): Promise<void> {
    const containers = await this.docker.listContainers({ all: true, filters: { label: [OWNER_LABEL] } });
    for (const { Id, Labels } of containers) {
      if (!isAlive(Number(Labels[OWNER_LABEL]))) await this.remove(Id);
    }
  }
}

/** The HTTP status of an error of the engine. */
export function engineStatus(error: unknown): number | undefined {
  return error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
