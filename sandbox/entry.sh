#!/usr/bin/env bash
# The container's entrypoint (under tini). With the user's repository mounted at /local-iterate-repo it first brings
# the sandbox's copy up to date; then, in any case, it becomes pidnap.
set -euo pipefail

mount=/local-iterate-repo
repo="$HOME/src/github.com/iterate/iterate"

if [ -e "$mount" ]; then
  echo "entry: local mode, syncing $mount"
  "$repo/sandbox/update-repo.sh"
fi

cd "$repo"
exec pidnap init --config "$repo/sandbox/pidnap.config.ts"
