#!/usr/bin/env bash
# Takes credentials out of a git config file before it gets into an image or a sandbox: authorisation headers (as CI
# checkouts leave them there), credential helpers, and user names and passwords in URLs.
#
# usage: clean-git-config.sh <config file>
set -euo pipefail
config=$1

declare -A seen=()
while read -r name; do
  if [ "${seen[$name]:-}" ]; then continue; fi
  seen[$name]=1
  # The last one: a rewritten URL carries its credentials in the name of the section.
  if [[ $name =~ ^http\.(.*\.)?extraheader$|^credential\.|^url\..*@.*\.(push)?insteadof$ ]]; then
    git config --file "$config" --unset-all "$name"
  elif [[ $name =~ ^remote\..*url$ ]]; then
    while read -r url; do
      if [[ $url =~ ^([a-z+]+://)[^/@]*@(.*)$ ]]; then
        git config --file "$config" --fixed-value --replace-all "$name" "${BASH_REMATCH[1]}${BASH_REMATCH[2]}" "$url"
      fi
    done < <(git config --file "$config" --get-all "$name")
  fi
done < <(git config --file "$config" --name-only --list)
