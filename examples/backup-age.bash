#!/bin/bash
# name: Backup Age
# description: Age and size of the newest backup in a directory
# version: 1.0
# schedule: hourly
# tags: backup

set -u
export LC_ALL=C

# Where the backups lie; directories below count too.
directory=${BACKUP_DIR:-/var/backups}
# Names of files that count, as a pattern of find.
pattern=${BACKUP_PATTERN:-*}
# Hours after which the newest is late.
warning_hours=${WARNING_HOURS:-26}
# Hours after which a backup is missing.
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
if ! why=$(find -L "$directory" -maxdepth 0 2>&1); then
  # What may not be seen may well be there.
  case $why in
    *'No such file'*) echo "FAILURE, there is no directory $directory" && exit 2 ;;
    *) echo "$why" && echo "ERROR, $directory may not be seen by user $(id -un) (header key user: or group:)" && exit 3 ;;
  esac
elif [ ! -d "$directory" ]; then
  echo "FAILURE, $directory is no directory"
  exit 2
elif [ ! -r "$directory" ] || [ ! -x "$directory" ]; then
  echo "ERROR, $directory may not be read by user $(id -un) (header key user: or group:)"
  exit 3
fi

newest=0 size=0 path='' count=0
while IFS=' ' read -r -d '' time bytes file; do
  count=$((count + 1))
  if [ "${time%.*}" -gt "$newest" ]; then
    newest=${time%.*} size=$bytes path=$file
  fi
done < <(find -H "$directory" -type f -name "$pattern" -printf '%T@ %s %p\0')
# A part that could not be looked at may hold what is missed below.
complete=yes
wait "$!" || complete=no

cannot_tell() {
  if [ "$complete" = no ]; then
    echo "ERROR, a part of $directory could not be looked at by user $(id -un), and elsewhere $1"
    exit 3
  fi
}

if [ "$count" -eq 0 ]; then
  cannot_tell "there is no backup"
  echo "FAILURE, no backup in $directory"
  exit 2
fi
hours=$((($(date +%s) - newest) / 3600))
echo "$count files, the newest is ${path//$'\n'/?} with $size bytes"

if [ "$hours" -lt 0 ]; then
  echo "WARNING, the newest backup is dated $((-hours)) hours from now: its age says nothing"
  exit 1
elif [ "$hours" -ge "$warning_hours" ]; then
  cannot_tell "the newest backup is $hours hours old"
fi
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
