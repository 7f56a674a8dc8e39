#!/usr/bin/env bash
# Takes credentials out of a git config file before it gets into an image or a sandbox: authorisation headers (as CI
# checkouts leave them there), credential helpers, and user names and passwords in URLs.
#
# usage: clean-git-config.sh <config file>
set -euo pipefail
config=$1

settings() { git config --file "$config" --name-only --get-regexp "$1" | sort -u || true; }

while read -r name; do git config --file "$config" --unset-all "$name"; done < <(settings '^(http\..*extraheader|http\.extraheader|credential\.)')
while read -r name; do
  git config --file "$config" --get-all "$name" | while read -r url; do
    clean=$(sed -E 's#^([a-z+]+://)[^/@]*@#\1#' <<<"$url")
    if [ "$clean" != "$url" ]; then git config --file "$config" --fixed-value --replace-all "$name" "$clean" "$url"; fi
  done
done < <(settings '^remote\..*url$')
# A rewritten URL carries its credentials in the name of the section.
while read -r name; do git config --file "$config" --unset-all "$name"; done < <(settings '^url\..*@.*\.(push)?insteadof$')
