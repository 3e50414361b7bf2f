#!/bin/bash
# name: Journal Errors
# description: Messages of priority error and worse in the journal
# version: 1.0
# schedule: *:0/15
# group: systemd-journal
# tags: journal, systemd

set -u
export LC_ALL=C

# How far back to look; at least the period of the schedule, or messages between two runs are missed.
minutes=${MINUTES:-15}
# The least priority that counts, as journalctl has it: emerg, alert, crit, err, warning …
priority=${PRIORITY:-err}
# Messages that do not count, as an extended regular expression for any part of the line.
ignore=${IGNORE:-}
# So many messages are a WARNING.
warning=${WARNING_COUNT:-1}
# So many are a FAILURE.
failure=${FAILURE_COUNT:-100}
for limit in minutes warning failure; do
  if ! [[ ${!limit} =~ ^[1-9][0-9]{0,8}$ ]]; then
    echo "ERROR, $limit must be a whole number from 1 up, not '${!limit}'"
    exit 3
  fi
done
[[ '' =~ $ignore ]]
if [ $? -eq 2 ]; then
  echo "ERROR, IGNORE is no regular expression: '$ignore'"
  exit 3
fi

if ! command -v journalctl > /dev/null; then
  echo "ERROR, journalctl is not installed (apt install systemd)"
  exit 127
fi
# To whom the system's journal is closed, journalctl shows an empty one.
readable=no
for file in /run/log/journal/*/system.journal /var/log/journal/*/system.journal; do
  [ ! -r "$file" ] || readable=yes
done
if [ "$readable" = no ]; then
  echo "ERROR, the journal may not be read by user $(id -un) (header key group: systemd-journal)"
  exit 3
fi
if ! lines=$(journalctl --quiet --no-pager --no-hostname --lines=10000 --output=short-iso --priority="$priority" --since="-${minutes}min" 2>&1); then
  printf '%s\n' "$lines"
  echo "ERROR, journalctl could not read the journal"
  exit 3
fi

count=0 strange='' seen=no
declare -A of=()
while IFS= read -r line; do
  # What does not begin with a time goes on with the message above.
  if ! [[ $line =~ ^[0-9]{4}-[0-9T:+-]+\ ([^ :[]+) ]]; then
    # A file of the journal that a crash cut off is left out, and said to be.
    case $seen:$line in no:?*) [[ $line == 'Journal file '* ]] || strange=${strange:-$line} ;; esac
    continue
  fi
  seen=yes
  who=${BASH_REMATCH[1]}
  if [ -n "$ignore" ] && [[ $line =~ $ignore ]]; then
    continue
  fi
  count=$((count + 1))
  of[$who]=$((${of[$who]:-0} + 1))
  [ "$count" -gt 20 ] || echo "$line"
done <<< "$lines"
if [ -n "$strange" ]; then
  printf '%s\n' "$lines"
  echo "ERROR, journalctl says what this check does not understand"
  exit 3
fi
[ "$count" -le 20 ] || echo "and $((count - 20)) more"

most=''
for who in "${!of[@]}"; do
  if [ -z "$most" ] || [ "${of[$who]}" -gt "${of[$most]}" ]; then
    most=$who
  fi
done
if [ "$count" -ge "$failure" ]; then
  echo "FAILURE, $count errors in $minutes minutes, ${of[$most]} of them of $most"
  exit 2
elif [ "$count" -ge "$warning" ]; then
  echo "WARNING, $count errors in $minutes minutes, ${of[$most]} of them of $most"
  exit 1
fi
echo "OK, $count errors in $minutes minutes"
