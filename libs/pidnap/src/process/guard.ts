import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { markerName } from './instance-marker.js';

/**
 * Arguments: the instance, and the groups that exist already: what is told later may come too late. Reads `+ <group>`
 * and `- <group>` until the pipe from the manager closes. `bye` means an orderly end; otherwise the manager is dead, and
 * every group and every process with its marker is killed.
 */
const script = `
trap '' HUP INT TERM
instance=$1
shift
groups=" $* "
while read -r op id; do
  case $op in
    +) groups="$groups$id " ;;
    -) case $groups in *" $id "*) groups="\${groups%%" $id "*} \${groups#*" $id "}" ;; esac ;;
    bye) exit 0 ;;
  esac
done
for id in $groups; do kill -9 "-$id"; done
rounds=0
while [ "$rounds" -lt 100 ]; do
  pids=''
  for file in $(grep -ls "${markerName}=$instance" /proc/[0-9]*/environ); do
    file="\${file#/proc/}"
    pids="$pids \${file%/environ}"
  done
  [ -n "$pids" ] || exit 0
  kill -9 $pids
  rounds=$((rounds + 1))
  sleep 0.05
done
`;

/**
 * A small shell that outlives the manager only to kill its services, so that none survives a SIGKILL or an
 * out-of-memory kill of the manager. It runs in its own session and costs about 1 MB.
 */
export class Guard {
  readonly #instance: string;
  readonly #groups = new Set<number>();
  #unsent = '';
  #child: ChildProcess | undefined;
  #closed = false;

  constructor(instance: string) {
    this.#instance = instance;
    this.#start();
  }

  /** Once is enough; again makes no difference. */
  add(group: number): void {
    if (this.#groups.has(group)) return;
    this.#groups.add(group);
    this.#tell(`+ ${group}`);
  }

  remove(group: number): void {
    this.#groups.delete(group);
    this.#tell(`- ${group}`);
  }

  /** Sends it home; nothing is killed. */
  close(): void {
    this.#closed = true;
    this.#flush();
    this.#send('bye\n');
    this.#child?.stdin?.end();
    this.#child?.unref();
  }

  #start(): void {
    const args = ['-c', script, 'pidnap-guard', this.#instance, ...[...this.#groups].map(String)];
    const child = spawn('/bin/sh', args, {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      cwd: '/',
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    });
    this.#child = child;
    child.unref();
    (child.stdin as Socket).unref();
    // A guard that was killed takes its pipe along; `exit` replaces it.
    child.stdin?.on('error', () => {});
    child.on('error', () => {});
    child.on('exit', () => {
      if (this.#closed) return;
      this.#unsent = '';
      this.#start();
    });
  }

  /** At the end of the turn, so that a start does not wait for it. Until then the marker tells of the child. */
  #tell(line: string): void {
    if (this.#unsent === '') queueMicrotask(() => this.#flush());
    this.#unsent += `${line}\n`;
  }

  #flush(): void {
    const text = this.#unsent;
    this.#unsent = '';
    if (text !== '') this.#send(text);
  }

  #send(text: string): void {
    const stdin = this.#child?.stdin;
    if (stdin?.writable) stdin.write(text);
  }
}
