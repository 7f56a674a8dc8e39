#!/usr/bin/env bash
# Brings the sandbox's repository up to date with the one mounted at /local-iterate-repo: its files and .git, its
# dependencies and builds, the home directory. At every start in local mode, and on every save under `sandbox dev`.
set -euo pipefail

repo="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
host_ca=/etc/iterate/host-ca.pem

# Runs a command that must reach registries before the egress proxy is up: without the proxy and its CA.
direct() {
  local ca=()
  if [ -f "$host_ca" ]; then ca=(NODE_EXTRA_CA_CERTS="$host_ca"); fi
  env -u HTTP_PROXY -u HTTPS_PROXY -u http_proxy -u https_proxy -u NODE_USE_ENV_PROXY \
    -u NODE_EXTRA_CA_CERTS -u SSL_CERT_FILE -u GIT_SSL_CAINFO "${ca[@]}" "$@"
}

# Two at once would undo each other's copies.
mkdir -p "$HOME/.iterate"
exec 9>"$HOME/.iterate/update-repo.lock"
flock 9

"$repo/sandbox/sync-repo.sh" /local-iterate-repo "$repo" /local-iterate-git-common
# From here on everything comes from the copy.
direct "$repo/sandbox/prepare-repo.sh" 9>&- &
"$repo/sandbox/setup-home.sh"
wait $!
