#!/bin/bash
# name: Failed Units
# description: Units of systemd that are in the state failed
# version: 1.0
# schedule: *:*:0/30
# tags: systemd

set -u
export LC_ALL=C

# Names of units that may fail, as an extended regular expression for the whole name.
ignore=${IGNORE:-}
[[ '' =~ $ignore ]]
if [ $? -eq 2 ]; then
  echo "ERROR, IGNORE is no regular expression: '$ignore'"
  exit 3
fi

if ! command -v systemctl > /dev/null; then
  echo "ERROR, systemctl is not installed (apt install systemd)"
  exit 127
fi
if ! units=$(systemctl list-units --state=failed --plain --no-legend --no-pager --full 2>&1); then
  printf '%s\n' "$units"
  echo "ERROR, systemctl could not ask systemd"
  exit 3
fi

failed=()
while read -r unit _ _ _ description; do
  [ -n "$unit" ] || continue
  if [ -n "$ignore" ] && [[ $unit =~ ^($ignore)$ ]]; then
    echo "$unit: $description (ignored)"
    continue
  fi
  echo "$unit: $description"
  failed+=("$unit")
done <<< "$units"

if [ "${#failed[@]}" -gt 0 ]; then
  echo "FAILURE, ${#failed[@]} failed: ${failed[*]}"
  exit 2
fi
echo "OK, no failed units"
