import { shellQuote } from './shell-quote.js';

/** Environment variable that every process started by the driver carries, and its children inherit. */
export const SPAWN_MARK = 'ITERATE_SANDBOX_EXEC';

/** What is to run. */
export interface SpawnScriptOptions {
  readonly argv: readonly string[];
  /** Value of {@link SPAWN_MARK}. */
  readonly mark: string;
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly user?: string | undefined;
  readonly stdin?: boolean | undefined;
}

// A session's log is text: the service reads it line by line in a shell, which loses NUL bytes and the
// difference between a last line with and without a newline. So each piece of output becomes a line of
// base64 behind ":", and what the script itself has to say a line behind "#". Anything else, such as a
// shell's own "Terminated", is not the program's.
//
// What a piece costs is the programs that are started for it: with "-w0", where base64 has that, one less. A piece
// is what one read gives, so that output is not held back.
//
// It runs in a subshell of the session's own shell, so that the program's arguments stand in no command line
// but its own.
const SCRIPT = `dir=$1 cwd=$2 user=$3 mark=$4 stdin=$5; shift 5
for tool in base64 dd tr mkfifo mkdir rm; do
  command -v "$tool" >/dev/null || { echo "#missing $tool"; exit 125; }
done
umask 077
mkdir -p "$dir" && mkfifo "$dir/out" "$dir/err" "$dir/in" || { echo "#missing $dir"; exit 125; }
if [ "$(echo | base64 -w0 2>/dev/null)" = Cg== ]; then
  _encode() {
    while _c=$(dd bs=49152 count=1 2>/dev/null | base64 -w0) && [ -n "$_c" ]; do printf ':%s\\n' "$_c"; done
  }
else
  _encode() {
    while _c=$(dd bs=49152 count=1 2>/dev/null | base64 | tr -d '\\n') && [ -n "$_c" ]; do printf ':%s\\n' "$_c"; done
  }
fi
_feed() {
  while IFS= read -r _n; do
    case $_n in
      end) break;;
      ''|*[!0-9]*) ;;
      *) [ -f "$dir/$_n" ] && cat "$dir/$_n" && rm -f "$dir/$_n";;
    esac
  done
}
_run() {
  [ -z "$cwd" ] || cd "$cwd" 2>/dev/null || { echo '#nodirectory' >&4; exit 126; }
  while [ "$1" != -- ]; do export "$1"; shift; done
  shift
  command -v "$1" >/dev/null || { echo '#notfound' >&4; exit 127; }
  export ${SPAWN_MARK}="$mark"
  if [ -n "$user" ] && [ "$user" != "$(id -un)" ]; then
    exec su -m -s /bin/sh -c 'echo "#started" >&4; exec 4>&-; exec "$0" "$@"' -- "$user" "$@"
  fi
  exec sh -c 'echo "#started" >&4; exec 4>&-; exec "$@"' sh "$@"
}
_encode <"$dir/out" & o=$!
_encode <"$dir/err" >&2 & e=$!
input=/dev/null feeder=
if [ "$stdin" = 1 ]; then
  exec 3<&0
  _feed <&3 >"$dir/in" & feeder=$!
  exec 3<&-
  input=$dir/in
fi
(_run "$@") 4>&1 >"$dir/out" 2>"$dir/err" <"$input"
code=$?
wait "$o"; wait "$e"
[ -z "$feeder" ] || kill "$feeder" 2>/dev/null
rm -rf "$dir"
echo "#exit $code"
exit "$code"`;

/** Directory inside for the pipes and the input of one process. */
export function spawnDirectory(mark: string): string {
  return `/tmp/.iterate-exec-${mark}`;
}

/** A command line for a session that runs a program with its output, input and end made safe for a text log. */
export function spawnScript({
  argv,
  mark,
  cwd = '',
  env = {},
  user = '',
  stdin = false,
}: SpawnScriptOptions): string {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const words = [spawnDirectory(mark), cwd, user, mark, stdin ? '1' : '', ...variables, '--', ...argv];
  return `(set -- ${words.map(shellQuote).join(' ')}\n${SCRIPT})`;
}

/** A line of {@link spawnScript}'s output. */
export type SpawnLine =
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'started' | 'notfound' | 'nodirectory' }
  | { readonly kind: 'missing'; readonly what: string }
  | { readonly kind: 'exit'; readonly code: number };

/** Reads a line; `undefined` for one that is not the script's. */
export function parseSpawnLine(line: string): SpawnLine | undefined {
  if (line.startsWith(':')) return { kind: 'data', bytes: Buffer.from(line.slice(1), 'base64') };
  const [, word, rest = ''] = /^#(\S+) ?(.*)$/.exec(line) ?? [];
  if (word === 'started' || word === 'notfound' || word === 'nodirectory') return { kind: word };
  if (word === 'missing') return { kind: 'missing', what: rest };
  if (word === 'exit') return { kind: 'exit', code: Number(rest) };
  return undefined;
}
