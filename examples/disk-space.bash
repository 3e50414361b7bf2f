#!/bin/bash
# name: Disk Space
# description: Space and inodes in use on every local file system
# version: 1.0
# schedule: *:0/5
# tags: disk

set -u
export LC_ALL=C

# Percent in use, of space or of inodes, whichever is more.
warning=${WARNING_PERCENT:-85}
# The same, for a FAILURE.
failure=${FAILURE_PERCENT:-95}
for limit in warning failure; do
  if ! [[ ${!limit} =~ ^[0-9]{1,9}$ ]]; then
    echo "ERROR, $limit must be a whole number, not '${!limit}'"
    exit 3
  fi
done

if ! command -v df > /dev/null; then
  echo "ERROR, df is not installed (apt install coreutils)"
  exit 127
fi

# What can only be read is full by design, and what lives in memory is not a disk.
skip=(tmpfs devtmpfs ramfs efivarfs squashfs iso9660 udf erofs)
# The mount point comes last because it may contain spaces.
if ! table=$(df --local "${skip[@]/#/--exclude-type=}" --output=pcent,ipcent,target 2>&1); then
  # One file system that may not be looked at does not hide the others.
  case $table in *%*) ;; *) printf '%s\n' "$table" && echo "ERROR, df failed" && exit 3 ;; esac
fi

worst=-1 worst_text=''
while read -r space inodes target; do
  case $space in *[0-9]%) ;; *) continue ;; esac
  space=${space%\%}
  inodes=${inodes%\%}
  case $inodes in '' | *[!0-9]*) inodes=0 ;; esac # a file system without a fixed number of inodes
  echo "$target: $space % of space, $inodes % of inodes"
  if [ "$space" -gt "$worst" ]; then
    worst=$space worst_text="$target is $space % full"
  fi
  if [ "$inodes" -gt "$worst" ]; then
    worst=$inodes worst_text="$target has $inodes % of its inodes in use"
  fi
done <<< "$table"

if [ "$worst" -lt 0 ]; then
  echo "ERROR, df shows no local file system"
  exit 3
elif [ "$worst" -ge "$failure" ]; then
  echo "FAILURE, $worst_text"
  exit 2
elif [ "$worst" -ge "$warning" ]; then
  echo "WARNING, $worst_text"
  exit 1
fi
echo "OK, $worst_text at most"
