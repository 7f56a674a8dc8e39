#!/usr/bin/env bash
# Makes the repository around this script ready to run: dependencies from the lockfile, then the daemon and the libs
# it needs. Runs while the image is built and, in local mode, on every start; each half is skipped when what it
# depends on has not changed since it last succeeded.
#
# usage: prepare-repo.sh                    all of it
#        prepare-repo.sh install            the dependencies only
#        prepare-repo.sh inputs [install]   prints the paths of what it reads
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

manifests=(package.json pnpm-lock.yaml pnpm-workspace.yaml .npmrc libs/*/package.json apps/*/package.json tools/*/package.json sandbox/package.json bench/package.json)
sources=(tsconfig.base.json tools/tsup libs/env-watch libs/pidnap apps/daemon sandbox/pidnap.config.ts)
if [ "${!#}" = install ]; then sources=(); fi
if [ "${1:-}" = inputs ]; then
  printf '%s\n' sandbox/prepare-repo.sh "${manifests[@]}" "${sources[@]}"
  exit
fi

stamps="$HOME/.iterate/stamps"
mkdir -p "$stamps"

# The hash and the path of every file that a step depends on and git does not ignore, read once for all steps.
hashes="$(find "${manifests[@]}" "${sources[@]}" -name node_modules -prune -o -name dist -prune -o -type f -print0 \
  | LC_ALL=C sort -zu | xargs -0 sha256sum)"

# Prints one hash of the contents of the files that are, or are below, the given paths.
hash_of() {
  local IFS='|'
  grep -E "^.{66}($*)(/|$)" <<<"$hashes" | sha256sum | cut -d' ' -f1
}

# Whether a step has succeeded with inputs of this hash.
is_done() { [ -f "$stamps/$1" ] && [ "$(<"$stamps/$1")" = "$2" ]; }

# Runs a step unless its inputs are the same as when it last succeeded.
# usage: step <name> <hash of its inputs> <command> [arguments]
step() {
  local name=$1 inputs=$2
  shift 2
  if is_done "$name" "$inputs"; then
    echo "prepare-repo: $name skipped, nothing it depends on has changed"
    return
  fi
  echo "prepare-repo: $name"
  rm -f "$stamps/$name" "$stamps/all"
  "$@"
  echo "$inputs" >"$stamps/$name"
}

# Most starts bring no change at all, and need not ask for each step.
all="$(sha256sum <<<"$hashes" | cut -d' ' -f1)"
if is_done all "$all"; then
  echo "prepare-repo: all skipped, nothing it depends on has changed"
  exit
fi

step install "$(hash_of "${manifests[@]}")" pnpm install --prefer-offline
if [ "${1:-}" = install ]; then exit; fi

# Each with what it is built from. Declarations are left out: nothing here reads them, and they take most of the time.
export BUILD_WITHOUT_DECLARATIONS=1
shared=("${manifests[@]}" tsconfig.base.json tools/tsup)
step build-env-watch "$(hash_of "${shared[@]}" libs/env-watch)" pnpm --filter @iterate/env-watch build
step build-pidnap "$(hash_of "${shared[@]}" libs/env-watch libs/pidnap)" pnpm --filter pidnap build
step build-daemon "$(hash_of "${shared[@]}" libs/env-watch libs/pidnap apps/daemon)" pnpm --filter iterate-daemon build
# Reads the configuration once, so that its types are stripped before the first start (pidnap keeps the result).
step check-config "$(hash_of sandbox/pidnap.config.ts)" node libs/pidnap/dist/cli.js check sandbox/pidnap.config.ts
echo "$all" >"$stamps/all"
