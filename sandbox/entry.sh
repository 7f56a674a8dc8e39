#!/usr/bin/env bash
# The container's entrypoint (under tini). With the user's repository mounted at /local-iterate-repo it first brings
# the sandbox's copy up to date; then, in any case, it becomes pidnap.
set -euo pipefail

mount=/local-iterate-repo
common_mount=/local-iterate-git-common
host_ca=/etc/iterate/host-ca.pem
repo="$HOME/src/github.com/iterate/iterate"

# Runs a command that must reach registries before the egress proxy is up: without the proxy and its CA.
direct() {
  local ca=()
  if [ -f "$host_ca" ]; then ca=(NODE_EXTRA_CA_CERTS="$host_ca"); fi
  env -u HTTP_PROXY -u HTTPS_PROXY -u http_proxy -u https_proxy -u NODE_USE_ENV_PROXY \
    -u NODE_EXTRA_CA_CERTS -u SSL_CERT_FILE -u GIT_SSL_CAINFO "${ca[@]}" "$@"
}

if [ -e "$mount" ]; then
  echo "entry: local mode, syncing $mount"
  "$repo/sandbox/sync-repo.sh" "$mount" "$repo" "$common_mount"
  # From here on everything comes from the copy, this script's successor included.
  direct "$repo/sandbox/prepare-repo.sh"
  "$repo/sandbox/setup-home.sh"
fi

cd "$repo"
exec pidnap init --config "$repo/sandbox/pidnap.config.ts"
