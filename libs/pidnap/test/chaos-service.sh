#!/bin/sh
# A service for the chaos test. CHAOS_DIR is shared, CHAOS_NAME its own; $1 is how it takes SIGTERM.
# Every line it prints is numbered per run. After each burst it notes in its ledger how far it has come: at
# least these lines must be in its log.
read -r run < /proc/sys/kernel/random/uuid
number=0

emit() {
  end=$((number + $1))
  while [ "$number" -lt "$end" ]; do
    number=$((number + 1))
    echo "$run $number"
  done
  echo "$run $number" >> "$CHAOS_DIR/ledger.$CHAOS_NAME"
}

# Held by the whole process group: only one run of a service, down to its last child, may live at a time.
exec 9>> "$CHAOS_DIR/lock.$CHAOS_NAME"
flock -n 9 || echo "$CHAOS_NAME $$" >> "$CHAOS_DIR/duplicates"

case $1 in
  polite) trap 'emit 20; exit 0' TERM ;;
  deaf) trap '' TERM ;;
  plain) ;;
esac

emit 3
sleep 1000 &
exec 8<> "$CHAOS_DIR/control.$CHAOS_NAME"
while read -r command amount <&8; do
  case $command in
    flood) emit "$amount" ;;
    crash) emit 2; exit "$amount" ;;
    # Leaves the process group, as a daemon does, and keeps stdout.
    escape) setsid sleep 1000 9>&- 8>&- & ;;
    *) echo "unknown command: $command" >> "$CHAOS_DIR/duplicates"; exit 99 ;;
  esac
done
