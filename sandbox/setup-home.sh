#!/usr/bin/env bash
# Copies home-skeleton/ to $HOME: at build time, and in local mode after the sync.
#
#   setup-home.sh [SKELETON]      default: home-skeleton beside this script
#
# A manifest (~/.iterate/home-manifest: sha256 and path) remembers what was installed. With it
#   - a file that has not changed since is replaced by the skeleton's new version, or removed when the skeleton drops it;
#   - a file that was edited here stays while the skeleton's version is the same; when that changes too, the edited one
#     is kept beside it as FILE.bak;
#   - a file that was never installed from here is the user's: it is kept as FILE.bak before one takes its place, and
#     is never removed.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
skeleton="${1:-$here/home-skeleton}"
home="${HOME:?}"
manifest="$home/.iterate/home-manifest"

if [ ! -d "$skeleton" ]; then
  echo "setup-home: there is no skeleton at $skeleton" >&2
  exit 1
fi
if [ -e "$skeleton/.iterate" ]; then
  echo "setup-home: the skeleton must not contain .iterate: secrets and the proxy's CA live there" >&2
  exit 1
fi

# Run by root for somebody else's home (an image build), files belong to that home's owner.
owner=()
if [ "$(id -u)" = 0 ]; then owner=(-o "$(stat -c %u "$home")" -g "$(stat -c %g "$home")"); fi

make_dir() {
  local dir="$1"
  if [ -d "$dir" ]; then return; fi
  make_dir "$(dirname "$dir")"
  install -d -m 755 "${owner[@]}" "$dir"
}

# sha256 of every file that is compared, by its path. One process for all: one for each takes longer than the rest.
declare -A digest=()
read_digests() {
  local file files=()
  for file in "$@"; do
    if [ -f "$file" ]; then files+=("$file"); fi
  done
  if [ "${#files[@]}" = 0 ]; then return; fi
  sha256sum --zero -- "${files[@]}" >"$work/digests"
  while IFS= read -r -d '' file; do digest["${file:66}"]="${file:0:64}"; done <"$work/digests"
}

keep_as_backup() {
  mv -f "$1" "$1.bak"
  echo "setup-home: kept your $1 as $1.bak"
}

make_dir "$home/.iterate"
work="$(mktemp -d)"
new_manifest="$(mktemp "$home/.iterate/.home-manifest.XXXXXX")"
trap 'rm -rf "$new_manifest" "$work"' EXIT

declare -A installed=()
if [ -f "$manifest" ]; then
  while read -r hash path; do
    case "/$path/" in */../* | //* | /.iterate/*) continue ;; esac
    installed["$path"]="$hash"
  done <"$manifest"
fi

mapfile -d '' -t paths < <(cd "$skeleton" && find . -type f -printf '%P\0' | sort -z)
dropped=("${!installed[@]}")
read_digests "${paths[@]/#/$skeleton/}" "${paths[@]/#/$home/}" "${paths[@]/#//etc/skel/}" "${dropped[@]/#/$home/}"
chmod_644=() chmod_755=()

for path in "${paths[@]}"; do
  source="$skeleton/$path" target="$home/$path"
  wanted="${digest[$source]}" current="${digest[$target]:-}" before="${installed[$path]:-}"
  unset "installed[$path]"
  mode=644
  if [ -x "$source" ]; then mode=755; fi
  if [ -d "$target" ] && [ ! -L "$target" ]; then
    echo "setup-home: $target is a directory, but the skeleton has a file there; move it away" >&2
    exit 1
  fi
  if [ "$current" = "$wanted" ] && [ ! -L "$target" ]; then
    if [ "$mode" = 644 ]; then chmod_644+=("$target"); else chmod_755+=("$target"); fi
  elif [ -n "$current" ] && [ "$before" = "$wanted" ]; then
    echo "setup-home: leaving your edited $target"
  else
    # What a distribution puts into every home is nobody's own.
    if [ -n "$current" ] && [ "$current" != "$before" ] && [ "$current" != "${digest[/etc/skel/$path]:-}" ]; then
      keep_as_backup "$target"
    fi
    make_dir "$(dirname "$target")"
    install -m "$mode" "${owner[@]}" "$source" "$target.iterate-new"
    mv -fT "$target.iterate-new" "$target"
  fi
  printf '%s %s\n' "$wanted" "$path" >>"$new_manifest"
done
if [ "${#chmod_644[@]}" -gt 0 ]; then chmod 644 "${chmod_644[@]}"; fi
if [ "${#chmod_755[@]}" -gt 0 ]; then chmod 755 "${chmod_755[@]}"; fi

for path in "${!installed[@]}"; do
  target="$home/$path"
  if [ "${digest[$target]:-}" = "${installed[$path]}" ]; then
    rm -f "$target"
    # Directories that held nothing else go too.
    dir="$(dirname "$path")"
    while [ "$dir" != . ] && rmdir "$home/$dir" 2>/dev/null; do dir="$(dirname "$dir")"; done
  fi
done

chmod 644 "$new_manifest"
if [ "${#owner[@]}" -gt 0 ]; then chown "${owner[1]}:${owner[3]}" "$new_manifest"; fi
mv -f "$new_manifest" "$manifest"
