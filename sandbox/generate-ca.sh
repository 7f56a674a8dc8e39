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

if [ ! -d "$dir" ]; then mkdir -p "$dir"; fi
# Programs of other users may read the bundle; the key's mode keeps them from the key.
chmod 755 "$dir"
exec 9>"$dir/.lock"
flock 9
# entry.sh begins this, and the task does it again a moment later: then nothing has changed since the first one looked.
checked="$dir/.checked"
host=none
if [ -e "$host_ca" ]; then host=given; fi
just_checked() {
  local file at='' with=''
  if [ -s "$checked" ]; then read -r at with <"$checked"; fi
  [[ "$at $with" =~ ^[0-9]+\ $host$ ]] && [ $((EPOCHSECONDS - at)) -lt 3600 ] || return 1
  for file in "$ca" "$dir/ca-bundle.pem" "$dir/ca.pem" "$system_bundle"; do
    # Two writes within a tick of the clock have one time.
    [ -e "$file" ] && [ "$file" -ot "$checked" ] || return 1
  done
  [ "$host" = none ] || [ "$host_ca" -ot "$checked" ]
}
if just_checked; then
  echo "generate-ca: keeping the certificate authority in $dir, which was checked a moment ago"
  exit
fi

# Whoever has the lock is alone here: what is in it was left by one that was killed.
work="$dir/.work"
trap 'if [ -d "$work" ]; then rm -rf "$work"; fi' EXIT

# The certificate is good for another day, and the key belongs to it. `openssl x509` takes 40 ms: it is asked once.
usable() {
  local public
  [ -s "$ca" ] || return 1
  public="$(openssl x509 -in "$ca" -noout -pubkey -checkend 86400 2>/dev/null)" || return 1
  # After the key it says whether the certificate will expire.
  [ "${public%-----*}-----" = "$(openssl pkey -in "$ca" -pubout 2>/dev/null)" ]
}

# Makes an elliptic curve key: an RSA key takes a second of the start of every sandbox to make.
make_ca() {
  rm -rf "$work" && mkdir "$work"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days 3650 \
    -subj '/O=iterate/CN=iterate sandbox egress' \
    -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' \
    -addext 'keyUsage=critical,keyCertSign,cRLSign' \
    -keyout "$work/key.pem" -out "$work/cert.pem" 2>"$work/openssl.log" || { cat "$work/openssl.log" >&2; return 1; }
  cat "$work/key.pem" "$work/cert.pem" >"$work/ca.pem"
  mv -f "$work/ca.pem" "$ca"
}

if usable; then
  echo "generate-ca: keeping the certificate authority in $dir"
else
  make_ca
  echo "generate-ca: made a certificate authority in $dir"
fi

# Puts the text $2 at $1 by a rename, and only when that changes something: who watches the file sees no false change.
publish() {
  if [ -f "$1" ] && [ "$(<"$1")" = "$2" ]; then return; fi
  mkdir -p "$work"
  printf '%s\n' "$2" >"$work/new"
  chmod 644 "$work/new"
  mv -f "$work/new" "$1"
}

# Compared and composed by the shell itself, since every process adds to the start of every sandbox.
certificate="$(<"$ca")"
certificate="-----BEGIN CERTIFICATE-----${certificate##*-----BEGIN CERTIFICATE-----}"
bundle="$(<"$system_bundle")"
if [ -e "$host_ca" ]; then bundle+=$'\n'"$(<"$host_ca")"; fi
publish "$dir/ca-bundle.pem" "$bundle"$'\n'"$certificate"
publish "$dir/ca.pem" "$certificate"
chmod 600 "$ca"
chmod 644 "$dir/ca-bundle.pem" "$dir/ca.pem"
echo "$EPOCHSECONDS $host" >"$checked"
