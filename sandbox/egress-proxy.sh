#!/usr/bin/env bash
# The service egress-proxy: mitmproxy with the addon that routes requests to the egress worker.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
dir="$HOME/.iterate/egress"
bundle="$dir/ca-bundle.pem"

if [ ! -s "$dir/mitmproxy-ca.pem" ] || [ ! -s "$bundle" ]; then
  echo "egress-proxy: there is no certificate authority in $dir; run generate-ca.sh first" >&2
  exit 1
fi
if ! command -v mitmdump >/dev/null; then
  echo "egress-proxy: mitmdump is not installed; run: apt-get install --no-install-recommends mitmproxy" >&2
  exit 1
fi

# The proxy's own environment must not send it through itself.
unset HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy
export PYTHONUNBUFFERED=1
# Large bodies pass in pieces: without these glibc keeps freed pieces of many arenas, and the process only grows.
export MALLOC_ARENA_MAX=2 MALLOC_TRIM_THRESHOLD_=131072

# connection_strategy=lazy, upstream_cert=false: nothing is dialled before the addon has decided.
# rawtcp=false: what is not HTTP inside a CONNECT is closed instead of tunnelled.
# http2=false: clients speak HTTP/1.1. Translating HTTP/2 bodies without a length into HTTP/1.1 would let a client
#   smuggle a second request to the worker.
# no-server: the addon opens the port once it is in place.
# launch.py is mitmdump with less to load, run by the Python that mitmdump names in its first line.
read -r -a python <"$(command -v mitmdump)"
exec "${python[@]#\#!}" "$here/egress_proxy/launch.py" --quiet --no-server --mode regular \
  --listen-host "${ITERATE_EGRESS_LISTEN_HOST:-127.0.0.1}" --listen-port "${ITERATE_EGRESS_LISTEN_PORT:-8888}" \
  --set confdir="$dir" \
  --set ssl_verify_upstream_trusted_ca="$bundle" \
  --set connection_strategy=lazy \
  --set upstream_cert=false \
  --set rawtcp=false \
  --set http2=false \
  --set validate_inbound_headers=true \
  --scripts "$here/egress-proxy-addon.py"
