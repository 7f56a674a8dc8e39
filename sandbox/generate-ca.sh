#!/usr/bin/env bash
# The task generate-ca: makes the egress proxy's certificate authority and composes the trust bundle. Idempotent, and
# safe to kill at any point: every file appears by a rename. The CA is made on first start and is in no image.
#
#   ~/.iterate/egress/mitmproxy-ca.pem   key and certificate, for the proxy only (0600)
#   ~/.iterate/egress/ca.pem             the certificate
#   ~/.iterate/egress/ca-bundle.pem      what programs in the sandbox trust: the system's CAs, the host's, this one
set -euo pipefail
umask 077

dir="$HOME/.iterate/egress"
system_bundle="${ITERATE_SYSTEM_CA_BUNDLE:-/etc/ssl/certs/ca-certificates.crt}"
host_ca="${ITERATE_HOST_CA:-/etc/iterate/host-ca.pem}"
ca="$dir/mitmproxy-ca.pem"

if [ ! -r "$system_bundle" ]; then
  echo "generate-ca: the system's CA bundle $system_bundle is not readable; install ca-certificates" >&2
  exit 1
fi

mkdir -p "$dir"
# Programs of other users may read the bundle; the key's mode keeps them from the key.
chmod 755 "$dir"
exec 9>"$dir/.lock"
flock 9
work="$(mktemp -d "$dir/.work.XXXXXX")"
trap 'rm -rf "$work"' EXIT

# The certificate is good for another day, and the key belongs to it. `openssl x509` takes 40 ms: it is asked once.
usable() {
  local public
  [ -s "$ca" ] || return 1
  public="$(openssl x509 -in "$ca" -noout -pubkey -checkend 86400 2>/dev/null | sed -n '/BEGIN PUBLIC/,/END PUBLIC/p')" || return 1
  [ "$public" = "$(openssl pkey -in "$ca" -pubout 2>/dev/null)" ]
}

if usable; then
  echo "generate-ca: keeping the certificate authority in $dir"
else
  # An elliptic curve key: an RSA key takes a second of the start of every sandbox to make.
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days 3650 \
    -subj '/O=iterate/CN=iterate sandbox egress' \
    -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' \
    -addext 'keyUsage=critical,keyCertSign,cRLSign' \
    -keyout "$work/key.pem" -out "$work/cert.pem" 2>"$work/openssl.log" || { cat "$work/openssl.log" >&2; exit 1; }
  cat "$work/key.pem" "$work/cert.pem" >"$work/ca.pem"
  mv -f "$work/ca.pem" "$ca"
  echo "generate-ca: made a certificate authority in $dir"
fi
chmod 600 "$ca"

# Puts $1 at $2 by a rename, and only when that changes something: who watches the file sees no false change.
publish() {
  chmod 644 "$1"
  if cmp -s "$1" "$2"; then chmod 644 "$2"; else mv -f "$1" "$2"; fi
}

sed -n '/^-----BEGIN CERTIFICATE-----$/,/^-----END CERTIFICATE-----$/p' "$ca" >"$work/cert.pem"
bundle=("$system_bundle")
if [ -e "$host_ca" ]; then bundle+=("$host_ca"); fi
bundle+=("$work/cert.pem")
# awk ends every file with a newline, so that two certificates never share a line.
awk 1 "${bundle[@]}" >"$work/bundle.pem"
publish "$work/bundle.pem" "$dir/ca-bundle.pem"
publish "$work/cert.pem" "$dir/ca.pem"
