import type { ProbeKind, UnitSpec } from '../config/spec.js';
import { childEnv, type Env, sameEnv } from '../env/effective-env.js';
import type { UnitLog } from '../logs/unit-log.js';
import { PidnapError } from '../pidnap-error.js';
import { ProbeSet } from '../probes/probe-set.js';
import { Run } from '../process/run.js';
import type { ExitInfo, ProbeInfo, StateReason } from '../protocol/info.js';
import { canTransition, type DesiredState, isAlive, type ProcessState } from '../protocol/process-state.js';
import { Backoff } from './backoff.js';
import { EnvReload } from './env-reload.js';
import { exitReason } from './exit-reason.js';
import { judgeEnd, type RunEnd } from './restart-policy.js';
import { Retry } from './retry.js';
import type { UnitHost } from './unit-host.js';

/** What follows when the run that is being stopped has ended. */
type AfterStop =
  | { readonly type: 'stopped' }
  | { readonly type: 'restart' }
  /** It was stopped because it is sick; the restart policy decides. */
  | { readonly type: 'failure' };

/** A run this long is no part of a hot loop, and the next one may begin in the turn that reports its end. */
const calmMs = 1000;

/** A task or a process: its state, its runs, and when the next one begins. */
export class Unit {
  readonly log: UnitLog;
  readonly #host: UnitHost;
  readonly #backoff = new Backoff();
  #spec: UnitSpec;
  #state: ProcessState = 'idle';
  #reason: StateReason | null = null;
  #since = new Date().toISOString();
  #desired: DesiredState = 'stopped';
  #run: Run | undefined;
  #runEnv: Env = {};
  #runs = 0;
  #lastExit: ExitInfo | null = null;
  #afterStop: AfterStop = { type: 'stopped' };
  /** The cause of the start that waits for dependencies. */
  #startReason: StateReason | null = null;
  readonly #retry = new Retry();
  readonly #envReload = new EnvReload(() =>
    this.#stopRun({ type: 'restart' }, { code: 'env-change', message: 'its environment changed' }),
  );
  #timeout: NodeJS.Timeout | undefined;
  readonly #probes = new ProbeSet();
  #settled: (() => void)[] = [];

  constructor(spec: UnitSpec, log: UnitLog, host: UnitHost) {
    this.#spec = spec;
    this.log = log;
    this.#host = host;
  }

  get spec(): UnitSpec {
    return this.#spec;
  }
  get name(): string {
    return this.#spec.name;
  }
  get state(): ProcessState {
    return this.#state;
  }
  get reason(): StateReason | null {
    return this.#reason;
  }
  get since(): string {
    return this.#since;
  }
  get desired(): DesiredState {
    return this.#desired;
  }
  get pid(): number | null {
    return this.#run?.pid ?? null;
  }
  get startedAt(): string | null {
    return this.#run?.startedAt ?? null;
  }
  get uptimeMs(): number | null {
    return this.#run ? Math.round(this.#run.uptimeMs) : null;
  }
  get lastExit(): ExitInfo | null {
    return this.#lastExit;
  }
  get restarts(): number {
    return Math.max(0, this.#runs - 1);
  }
  get consecutiveFailures(): number {
    return this.#backoff.failures;
  }
  /** ISO time of the next try after a failure. */
  get retryAt(): string | null {
    return this.#retry.at;
  }
  get envReloadAt(): string | null {
    return this.#envReload.at;
  }
  get probes(): Partial<Record<ProbeKind, ProbeInfo>> {
    return this.#probes.info;
  }

  /** Makes it wanted without starting it: it runs when its schedule says so. */
  arm(): void {
    this.#desired = 'running';
  }

  /** Wants it running, and starts it unless it runs. */
  start(reason: StateReason): void {
    this.#desired = 'running';
    if (this.#state === 'stopping') this.#afterStop = { type: 'restart' };
    if (isAlive(this.#state)) return;
    this.#backoff.reset();
    this.#tryStart(reason);
  }

  /** Wants it stopped; resolves when its process group is gone. */
  stop(reason: StateReason): Promise<void> {
    this.#desired = 'stopped';
    this.#clearTimers();
    if (isAlive(this.#state)) {
      this.#stopRun({ type: 'stopped' }, reason);
      return this.#whenSettled();
    }
    if (canTransition(this.#state, 'stopped')) this.#to('stopped', reason);
    return Promise.resolve();
  }

  /** Wants it running, and running anew; resolves when the new start is under way. */
  restart(reason: StateReason): Promise<void> {
    this.#desired = 'running';
    this.#backoff.reset();
    if (!isAlive(this.#state)) {
      this.#tryStart(reason);
      return Promise.resolve();
    }
    this.#stopRun({ type: 'restart' }, reason);
    return this.#whenSettled();
  }

  /** Kills what runs without asking. */
  kill(): void {
    this.#run?.kill();
  }

  /** The time of a schedule has come; a run that still goes on is left alone. */
  scheduled(): void {
    if (this.#desired === 'running' && !isAlive(this.#state)) {
      this.#tryStart({ code: 'schedule', message: 'its schedule is due' });
    }
  }

  /** A unit that this one may depend on has changed its state. */
  dependencyChanged(): void {
    const held = this.#state === 'waiting' || this.#reason?.code === 'dependency-failed';
    if (held && this.#desired === 'running') this.#tryStart(this.#startReason);
  }

  /**
   * The env files or the configuration have changed. Restarts a running process after its delay if it would
   * get another environment now.
   *
   * @returns the ms until the restart; `null` when none is due
   */
  envChanged(): number | null {
    const restartable = this.#spec.kind === 'process' && this.#spec.schedule === null;
    if (!restartable || !isAlive(this.#state) || this.#state === 'stopping') return null;
    const env = this.#host.env(this.#spec);
    if (sameEnv(env, this.#runEnv) || this.#spec.reloadDelay === null) {
      this.#envReload.cancel();
      return null;
    }
    return this.#envReload.plan(env, this.#spec.reloadDelay);
  }

  /** Whether a child is alive that would get another environment now. */
  differsInEnv(): boolean {
    const restartable = this.#spec.kind === 'process' && isAlive(this.#state) && this.#state !== 'stopping';
    return restartable && !sameEnv(this.#host.env(this.#spec), this.#runEnv);
  }

  /** Takes on a changed definition; the caller restarts it when the change needs that. */
  update(spec: UnitSpec): void {
    this.#spec = spec;
  }

  /** Forgets it; it must not be running. */
  close(): void {
    this.#clearTimers();
    this.log.close();
  }

  #tryStart(reason: StateReason | null): void {
    this.#clearTimers();
    this.#startReason = reason;
    const gate = this.#host.gate(this.#spec.dependsOn);
    if (gate.type === 'open') this.#spawn(reason);
    else if (gate.type === 'wait') this.#to('waiting', { code: 'dependency', message: gate.message });
    else this.#to('failed', { code: 'dependency-failed', message: gate.message });
  }

  #spawn(reason: StateReason | null): void {
    const { argv, cwd, user } = this.#spec;
    this.#runEnv = this.#host.env(this.#spec);
    const run = this.log.withStdio(
      (stdio, paths) =>
        new Run({
          argv,
          cwd,
          user,
          stdio,
          paths,
          launch: this.#host.launch,
          env: childEnv(this.#runEnv, this.#host.instance, this.name),
          onEnd: (exit) => this.#onEnd(exit),
          onWarning: (message) => this.#host.onWarning(this, message),
        }),
    );
    this.#run = run;
    this.#runs++;
    if (run.pid !== null) this.#host.groupStarted(run.pid);
    this.#to('starting', reason);
    // A spawn that failed reports its end after this turn.
    if (run.pid === null) return;
    if (this.#spec.timeout !== null) this.#timeout = setTimeout(() => this.#onTimeout(), this.#spec.timeout);
    if (this.#spec.probes.startup) this.#startProbe('startup');
    else this.#onStarted();
  }

  #onStarted(): void {
    const waits = this.#spec.kind === 'task' || this.#spec.probes.readiness !== undefined;
    this.#to(waits ? 'running' : 'ready', this.#reason);
    this.#startProbe('readiness');
    this.#startProbe('liveness');
  }

  #onTimeout(): void {
    const message = `it did not end within ${this.#spec.timeout} ms`;
    this.#stopRun({ type: 'failure' }, { code: 'timeout', message });
  }

  #startProbe(kind: ProbeKind): void {
    const spec = this.#spec.probes[kind];
    if (!spec) return;
    this.#probes.start(kind, {
      spec,
      context: {
        cwd: this.#spec.cwd,
        user: this.#spec.user,
        env: childEnv(this.#runEnv, this.#host.instance, this.name),
      },
      subscribe: (listener) => this.log.subscribe(listener),
      onVerdict: (ok, message) => this.#onVerdict(kind, ok, message),
    });
  }

  #onVerdict(kind: ProbeKind, ok: boolean, message: string): void {
    this.#host.onProbe(this, kind, ok, message);
    if (this.#state === 'stopping') return;
    const reason: StateReason = { code: `${kind}-probe`, message: `${kind} probe: ${message}` };
    if (kind === 'readiness') {
      if (ok && this.#state === 'running') this.#to('ready', reason);
      else if (!ok && this.#state === 'ready') this.#to('running', reason);
      return;
    }
    if (!ok) {
      this.#stopRun({ type: 'failure' }, reason);
    } else if (kind === 'startup') {
      this.#probes.stop('startup');
      this.#onStarted();
    }
  }

  #stopRun(after: AfterStop, reason: StateReason): void {
    this.#clearTimers();
    this.#probes.clear();
    this.#afterStop = after;
    if (this.#state === 'stopping') this.#reason = reason;
    else this.#to('stopping', reason);
    this.#run?.stop(this.#spec.stopSignal, this.#spec.stopTimeout);
  }

  #onEnd(exit: ExitInfo): void {
    const pid = this.pid;
    if (pid !== null) this.#host.groupEnded(pid);
    this.#run = undefined;
    this.#lastExit = exit;
    this.#clearTimers();
    this.#probes.clear();
    this.log.flush();
    this.#host.onExit(this, pid, exit);
    if (this.#state === 'stopping') this.#onStopped(exit);
    else this.#decide({ exit, reason: exitReason(exit), success: exit.code === 0 });
  }

  #onStopped(exit: ExitInfo): void {
    const reason = this.#reason ?? exitReason(exit);
    if (this.#afterStop.type === 'stopped') this.#to('stopped', reason);
    else if (this.#afterStop.type === 'restart') this.#tryStart(reason);
    else this.#decide({ exit, reason, success: false });
  }

  #decide(end: RunEnd): void {
    const verdict = judgeEnd(this.#spec, this.#backoff, end);
    this.#to(verdict.state, verdict.reason);
    // Whoever heard of it may have stopped it.
    if (verdict.type === 'over' || this.#desired === 'stopped') return;
    const again: StateReason = { ...end.reason, message: `again after ${end.reason.message}` };
    if (verdict.delayMs === 0 && end.exit.uptimeMs >= calmMs) this.#tryStart(again);
    else this.#retry.plan(verdict.delayMs, () => this.#tryStart(again));
  }

  #to(state: ProcessState, reason: StateReason | null): void {
    const from = this.#state;
    this.#reason = reason;
    if (from === state) return;
    if (!canTransition(from, state)) {
      throw new PidnapError('internal', `${this.name}: no transition from ${from} to ${state}.`);
    }
    this.#state = state;
    this.#since = new Date().toISOString();
    this.#host.onState(this, from);
    if (from === 'stopping') for (const resolve of this.#settled.splice(0)) resolve();
  }

  #whenSettled(): Promise<void> {
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  #clearTimers(): void {
    this.#retry.cancel();
    clearTimeout(this.#timeout);
    this.#envReload.cancel();
  }
}
