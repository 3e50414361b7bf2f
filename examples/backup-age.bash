#!/bin/bash
# name: Backup Age
# description: Age and size of the newest backup in a directory
# version: 1.0
# schedule: hourly
# tags: backup

set -u
export LC_ALL=C

directory=${BACKUP_DIR:-/var/backups}
# Names of files that count, as a pattern of find.
pattern=${BACKUP_PATTERN:-*}
warning_hours=${WARNING_HOURS:-26}
failure_hours=${FAILURE_HOURS:-50}
# Bytes below which a backup cannot be a whole one.
least_bytes=${LEAST_BYTES:-1}
for limit in warning_hours failure_hours least_bytes; do
  if ! [[ ${!limit} =~ ^[0-9]{1,9}$ ]]; then
    echo "ERROR, $limit must be a whole number, not '${!limit}'"
    exit 3
  fi
done

if ! command -v find > /dev/null; then
  echo "ERROR, find is not installed (apt install findutils)"
  exit 127
fi
if [ ! -d "$directory" ]; then
  echo "FAILURE, there is no directory $directory"
  exit 2
elif [ ! -r "$directory" ] || [ ! -x "$directory" ]; then
  echo "ERROR, $directory may not be read by user $(id -un)"
  exit 3
fi

newest=0 size=0 path='' count=0
while IFS=' ' read -r -d '' time bytes file; do
  count=$((count + 1))
  if [ "${time%.*}" -gt "$newest" ]; then
    newest=${time%.*} size=$bytes path=$file
  fi
done < <(find "$directory" -type f -name "$pattern" -printf '%T@ %s %p\0')

if [ "$count" -eq 0 ]; then
  echo "FAILURE, no backup in $directory"
  exit 2
fi
hours=$((($(date +%s) - newest) / 3600))
echo "$count files, the newest is ${path//$'\n'/?} with $size bytes"

if [ "$size" -lt "$least_bytes" ]; then
  echo "FAILURE, the newest backup has only $size bytes"
  exit 2
elif [ "$hours" -ge "$failure_hours" ]; then
  echo "FAILURE, the newest backup is $hours hours old"
  exit 2
elif [ "$hours" -ge "$warning_hours" ]; then
  echo "WARNING, the newest backup is $hours hours old"
  exit 1
fi
echo "OK, the newest backup is $hours hours old"
