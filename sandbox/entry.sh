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
# Begun beside the start of pidnap, whose task of this name finds the CA made, and tells why when it could not be. In a
# shell of its own: its parent is then tini, which collects it.
("$repo/sandbox/generate-ca.sh" &>/dev/null &)
# pidnap and the daemon ask nobody outside; the services that do get it from the configuration.
exec env -u NODE_USE_ENV_PROXY pidnap init --config "$repo/sandbox/pidnap.config.ts"
