import type { DirectoryEntry, FileStat } from './driver.js';

// Records end with NUL, since a name may hold any other byte. GNU find prints them in one process; other
// userlands (busybox) have `stat -c` with the same facts, one process per name.
const FIND_FORMAT = "'%y %s %m %T@\\0%f\\0%l\\0'";
const HAS_FIND_PRINTF = "find / -prune -printf '' 2>/dev/null";
const STAT_ONE = `stat -c '%F|%s|%a|%Y' -- "$f" | tr -d '\\n'; printf '\\0%s\\0' "$f"
  if [ -L "$f" ]; then readlink -- "$f" | tr -d '\\n'; fi; printf '\\0'`;

/** Prints one record for `$1`; exit code 44 when nothing is there. */
export const STAT_SCRIPT = `[ -e "$1" ] || [ -L "$1" ] || exit 44
if ${HAS_FIND_PRINTF}; then exec find "$1" -prune -printf ${FIND_FORMAT}; fi
f=$1; ${STAT_ONE}`;

/** Prints one record for each name in the directory `$1`; exit code 44 when there is no such directory. */
export const LIST_SCRIPT = `cd -- "$1" 2>/dev/null || exit 44
if ${HAS_FIND_PRINTF}; then exec find . -mindepth 1 -maxdepth 1 -printf ${FIND_FORMAT}; fi
for f in * .*; do
  case $f in .|..) continue;; esac
  [ -e "$f" ] || [ -L "$f" ] || continue
  ${STAT_ONE}
done`;

/** Reads the output of {@link STAT_SCRIPT}. */
export function parseStat(text: string): FileStat | undefined {
  const [entry] = parseListing(text);
  if (entry === undefined) return undefined;
  const { name: _, ...stat } = entry;
  return stat;
}

/** Reads the output of {@link LIST_SCRIPT}, sorted by name. */
export function parseListing(text: string): DirectoryEntry[] {
  const fields = text.split('\0');
  const entries: DirectoryEntry[] = [];
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const [facts = '', name = '', target = ''] = fields.slice(at, at + 3);
    const [kind = '', size, mode, modified] = facts.includes('|') ? facts.split('|') : facts.split(' ');
    entries.push({
      name,
      type: fileType(kind),
      size: Number(size),
      mode: Number.parseInt(mode ?? '0', 8),
      modifiedAt: new Date(Number(modified) * 1000),
      ...(target === '' ? {} : { target }),
    });
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function fileType(kind: string): FileStat['type'] {
  if (kind === 'f' || kind.startsWith('regular')) return 'file';
  if (kind === 'd' || kind === 'directory') return 'directory';
  if (kind === 'l' || kind === 'symbolic link') return 'symlink';
  return 'other';
}
