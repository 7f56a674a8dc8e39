#!/usr/bin/env bash
# Makes the sandbox's repository equal to the mounted one: the files that git does not ignore, and .git.
# What git ignores (node_modules, dist) stays as it is on either side.
#
# usage: sync-repo.sh <mounted repository> <repository in the sandbox> <mounted git common dir, for a worktree>
set -euo pipefail
from=$1 to=$2 common=$3
copy=(rsync --archive --no-owner --no-group --force)

# The mount belongs to the host's user: git would refuse to read it otherwise.
list_files() { git -c safe.directory='*' -C "$1" ls-files -z --cached --others --exclude-standard | LC_ALL=C sort -zu; }

if [ ! -r "$from" ] || [ ! -x "$from" ] || [ ! -r "$from/.git" ]; then
  echo "sync-repo: uid $(id -u) may not read $from: make the repository readable on the host (chmod -R go+rX <repository>), or do not mount it ('sandbox up --no-mount')" >&2
  exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Copies a git directory. Of its objects only the packs, and none is removed: they are named by their content.
# usage: copy_git_dir <from> [more rsync options]
copy_git_dir() {
  local source=$1
  shift
  "${copy[@]}" --delete --exclude='*.lock' "$@" --filter='protect /objects/**' --include=/objects/ \
    --include=/objects/pack/ --include='/objects/pack/**' --exclude='/objects/**' "$source/" "$to/.git/"
}

# Brings the loose objects that the sandbox lacks, as one pack, since making thousands of small files takes seconds.
copy_loose_objects() {
  local source=$1
  (cd "$source/objects" && find . -path './[0-9a-f][0-9a-f]/*' -type f -printf '%P\n') | tr -d / \
    | { grep -xE '[0-9a-f]{40}|[0-9a-f]{64}' || true; } >"$work/loose"
  git -C "$to" cat-file --batch-check='%(objectname)' <"$work/loose" | sed -n 's/ missing$//p' >"$work/lacking"
  if [ -s "$work/lacking" ]; then
    git -c safe.directory='*' -c pack.compression=1 --git-dir="$source" pack-objects --quiet --window=0 --stdout \
      <"$work/lacking" | git -C "$to" index-pack --stdin >/dev/null
  fi
}

# Writes down what is at the wanted paths: type and executable bit, content, targets of symlinks. What cannot be read is
# left out: it then differs from the other side, and rsync tells why it cannot be copied.
# usage: describe <root> <name>
describe() (
  cd "$1"
  find -files0-from "$work/wanted" -maxdepth 0 \
    \( -perm /100 -fprintf "$work/$2.types" 'x%y %p\0' -o -fprintf "$work/$2.types" '-%y %p\0' \) \
    \( -type f -fprint0 "$work/$2.files" -o -type l -fprint0 "$work/$2.links" \) || true
  xargs -0 --no-run-if-empty sha256sum --zero -- <"$work/$2.files" >"$work/$2.contents" || true
  xargs -0 --no-run-if-empty readlink --zero -- <"$work/$2.links" >"$work/$2.targets" || true
) 2>/dev/null

# Prints the wanted paths at which the two sides differ. Both are described in the same order, and equal on most starts.
different() {
  if ! cmp -s "$work/from.types" "$work/to.types"; then
    differing_records types | sed --null-data 's/^\t\?[^ ]* //'
  fi
  if ! cmp -s "$work/from.contents" "$work/to.contents"; then
    differing_records contents | sed --null-data 's/^\t\?[^ ]* .//'
  fi
  if ! cmp -s "$work/from.targets" "$work/to.targets"; then cat "$work/from.links" "$work/to.links"; fi
}
differing_records() {
  LC_ALL=C comm -z -3 <(LC_ALL=C sort -z "$work/from.$1") <(LC_ALL=C sort -z "$work/to.$1")
}

if [ -d "$from/.git" ]; then
  list_files "$from" >"$work/wanted"
elif [ -d "$common" ]; then
  # A worktree: its .git is a file that names a folder outside the mount, below the common dir.
  gitdir="$common/worktrees/$(basename "$(sed -n 's/^gitdir: //p' "$from/.git")")"
  GIT_DIR="$gitdir" GIT_WORK_TREE="$from" list_files "$from" >"$work/wanted"
else
  echo "sync-repo: $from is a git worktree: mount its git common dir at $common ('sandbox up' does)" >&2
  exit 1
fi
if [ -s "$from/.git/objects/info/alternates" ] || [ -s "$common/objects/info/alternates" ]; then
  echo "sync-repo: $from borrows objects from another repository (objects/info/alternates), which is not mounted: run 'git repack -a -d && rm .git/objects/info/alternates' on the host to give it all of its own, or do not mount it ('sandbox up --no-mount')" >&2
  exit 1
fi

describe "$from" from &
describe "$to" to &
if [ -d "$from/.git" ]; then
  copy_git_dir "$from/.git"
  copy_loose_objects "$from/.git" &
else
  copy_git_dir "$common" --exclude=/worktrees
  "${copy[@]}" --exclude='*.lock' --exclude=/commondir --exclude=/gitdir "$gitdir/" "$to/.git/"
  copy_loose_objects "$common" &
fi
objects=$!
"${BASH_SOURCE[0]%/*}/clean-git-config.sh" "$to/.git/config"
# Of what runs in the background this one alone may fail. Waiting for all tells nothing of that.
wait "$objects"
wait

# Paths that this repository has and the mounted one has not: after the copy of .git both see the same ignore rules.
list_files "$to" | LC_ALL=C comm -z -13 "$work/wanted" - >"$work/extra"
(cd "$to" && xargs -0 --no-run-if-empty rm -rf -- <"$work/extra")
# By content: the times of an image are those of its commit. rsync's own comparison takes five times as long as this
# one, which on most starts finds nothing to copy.
different >"$work/different"
if [ -s "$work/different" ]; then
  "${copy[@]}" --checksum --no-times --delete-missing-args --from0 --files-from="$work/different" "$from/" "$to/"
fi
