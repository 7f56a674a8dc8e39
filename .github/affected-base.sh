#!/usr/bin/env bash
# Prints NX_BASE and NX_HEAD for `nx affected`: on main the commit before the push, on a branch where it left main.
#
# ON_MAIN  whether main was pushed to, `true` or `false`
# BEFORE   the commit that the branch was on before the push; zeros for a new branch, gone after a forced push
set -euo pipefail
if [ "${ON_MAIN:-false}" = true ] && git cat-file -e "${BEFORE:-}^{commit}" 2>/dev/null; then
  base=$BEFORE
elif base=$(git merge-base origin/main HEAD 2>/dev/null) && [ "$base" != "$(git rev-parse HEAD)" ]; then
  :
else
  # Nothing to compare with: everything is affected.
  base=$(git hash-object -t tree /dev/null)
fi
echo "NX_BASE=$base"
echo "NX_HEAD=$(git rev-parse HEAD)"
