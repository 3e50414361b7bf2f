#!/bin/bash
# name: Memory
# description: Memory that programs can still get, and swap in use
# version: 1.0
# schedule: *:*:0/10
# timeout: 5
# tags: memory

set -u
export LC_ALL=C

# Percent of memory in use that cannot be freed.
warning=${WARNING_PERCENT:-85}
# The same, for a FAILURE.
failure=${FAILURE_PERCENT:-95}
# Percent of swap in use.
swap_warning=${SWAP_WARNING_PERCENT:-80}
for limit in warning failure swap_warning; do
  if ! [[ ${!limit} =~ ^[0-9]{1,9}$ ]]; then
    echo "ERROR, $limit must be a whole number, not '${!limit}'"
    exit 3
  fi
done

total='' available='' swap_total=0 swap_free=0
if [ -r /proc/meminfo ]; then
  while read -r key value _; do
    case $key in
      MemTotal:) total=$value ;;
      MemAvailable:) available=$value ;;
      SwapTotal:) swap_total=$value ;;
      SwapFree:) swap_free=$value ;;
    esac
  done < /proc/meminfo
fi
if [ -z "$total" ] || [ -z "$available" ]; then
  echo "ERROR, /proc/meminfo does not tell how much memory there is"
  exit 3
fi

used=$(((total - available) * 100 / total))
swap_used=0
[ "$swap_total" -eq 0 ] || swap_used=$(((swap_total - swap_free) * 100 / swap_total))
echo "memory: $((available / 1024)) MiB of $((total / 1024)) MiB available"
echo "swap: $(((swap_total - swap_free) / 1024)) MiB of $((swap_total / 1024)) MiB in use"

if [ "$used" -ge "$failure" ]; then
  echo "FAILURE, $used % of memory in use"
  exit 2
elif [ "$used" -ge "$warning" ]; then
  echo "WARNING, $used % of memory in use"
  exit 1
elif [ "$swap_total" -gt 0 ] && [ "$swap_used" -ge "$swap_warning" ]; then
  echo "WARNING, $swap_used % of swap in use"
  exit 1
fi
echo "OK, $used % of memory in use"
