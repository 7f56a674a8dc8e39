#!/usr/bin/env bash
# Says to which of the two places images go this repository has access: `registry` and `daytona`, `true` or `false`, as
# outputs of the step. What is missing is told in the log and on the page of the run, and is no error: a fork has neither.
#
# REGISTRY, REGISTRY_USER, REGISTRY_PASSWORD   host/path of a container registry, and a login to it
# DAYTONA_API_KEY                              of the organisation that gets the snapshots
# GITHUB_OUTPUT                                file that takes the outputs
set -euo pipefail

# Prints `true` when all of the named variables have a value.
have() {
  local name
  for name in "$@"; do
    if [ -z "${!name:-}" ]; then
      echo false
      return
    fi
  done
  echo true
}

registry="$(have REGISTRY REGISTRY_USER REGISTRY_PASSWORD)"
# Daytona pulls what was pushed.
daytona="$(have REGISTRY REGISTRY_USER REGISTRY_PASSWORD DAYTONA_API_KEY)"
if [ "$registry" = false ]; then
  echo "::notice title=No image is pushed::Set the variables SANDBOX_REGISTRY (host/path) and SANDBOX_REGISTRY_USER and the secret SANDBOX_REGISTRY_PASSWORD of this repository."
elif [ "$daytona" = false ]; then
  echo "::notice title=No Daytona snapshot is made::Set the secret DAYTONA_API_KEY of this repository, and for another service than the hosted one the variable DAYTONA_API_URL."
fi
printf 'registry=%s\ndaytona=%s\n' "$registry" "$daytona" >>"$GITHUB_OUTPUT"
