import { execa } from 'execa';

/** How a service's program is started by itself, and how one sees that it serves: the same sign that pidnap waits for. */
interface BareProgram {
  /** Runs before the clock starts. */
  readonly prepare: string;
  readonly start: string;
  /** Succeeds once it serves. */
  readonly serves: string;
}

const REPO = '/home/iterate/src/github.com/iterate/iterate';

export const BARE_PROGRAMS: Readonly<Record<string, BareProgram>> = {
  'egress-proxy': {
    prepare: `${REPO}/sandbox/generate-ca.sh`,
    start: `${REPO}/sandbox/egress-proxy.sh`,
    serves: '(exec 3<>/dev/tcp/127.0.0.1/8888)',
  },
  'iterate-daemon': {
    prepare: `cd ${REPO}/apps/daemon && node dist/migrate.js`,
    start: 'node dist/server.js',
    serves: "curl --silent --fail --noproxy '*' http://127.0.0.1:3000/api/health",
  },
  opencode: {
    prepare: `cd ${REPO}`,
    start: 'opencode serve --hostname 127.0.0.1 --port 4096',
    serves: 'grep -q "server listening" /tmp/program.log',
  },
};

/**
 * Starts one program alone in a container of the image.
 *
 * @returns `program`: from its start until it serves; `container`: from `docker run` until the container's first
 * command. Both in ms; their sum is what the program costs with nothing of ours around it.
 */
export async function bareStart(
  image: string,
  name: string,
): Promise<{ program: number; container: number }> {
  const bare = BARE_PROGRAMS[name];
  if (bare === undefined) throw new Error(`There is no bare start of ${name}`);
  const script = `date +%s%N
${bare.prepare} >/dev/null 2>&1
date +%s%N
${bare.start} >/tmp/program.log 2>&1 &
until ${bare.serves} >/dev/null 2>&1; do sleep 0.01; done
date +%s%N`;
  const startedAt = performance.timeOrigin + performance.now();
  const { stdout } = await execa('docker', ['run', '--rm', '--entrypoint', 'bash', image, '-c', script]);
  const [begun = Number.NaN, prepared = Number.NaN, served = Number.NaN] = stdout
    .trim()
    .split('\n')
    .map((nanoseconds) => Number(BigInt(nanoseconds) / 1000n) / 1000);
  return { program: served - prepared, container: begun - startedAt };
}
