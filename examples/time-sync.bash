#!/bin/bash
# name: Time Synchronisation
# description: Tells whether the clock is kept right over the network
# version: 1.0
# schedule: *:0/15
# tags: time

set -u
export LC_ALL=C

# Milliseconds that chrony may see the clock be wrong; other services do not tell.
warning_ms=${WARNING_MS:-100}
# The same, for a FAILURE.
failure_ms=${FAILURE_MS:-1000}
for limit in warning_ms failure_ms; do
  if ! [[ ${!limit} =~ ^[0-9]{1,9}$ ]]; then
    echo "ERROR, $limit must be a whole number, not '${!limit}'"
    exit 3
  fi
done

# chrony knows more than the kernel. Where it is installed but does not run, another service may do its work.
if command -v chronyc > /dev/null && tracking=$(chronyc -n -c tracking 2>&1); then
  IFS=, read -r reference source stratum _ offset _ _ _ _ _ _ _ _ leap <<< "$tracking"
  if ! [[ $offset =~ ^-?([0-9]+)\.([0-9]{3}) ]] || [ -z "$leap" ]; then
    printf '%s\n' "$tracking"
    echo "ERROR, chronyc does not tell how far the clock is wrong"
    exit 3
  fi
  milliseconds=$((10#${BASH_REMATCH[1]}${BASH_REMATCH[2]}))
  echo "chrony: source $source, stratum $stratum, $leap"
  if [ "$reference" = 7F7F0101 ]; then
    echo "WARNING, chrony takes this machine's own clock for the right time"
    exit 1
  elif [ "$leap" = 'Not synchronised' ]; then
    echo "WARNING, the clock is not synchronised, though chrony runs"
    exit 1
  elif [ "$milliseconds" -ge "$failure_ms" ]; then
    echo "FAILURE, the clock is wrong by $milliseconds ms"
    exit 2
  elif [ "$milliseconds" -ge "$warning_ms" ]; then
    echo "WARNING, the clock is wrong by $milliseconds ms"
    exit 1
  fi
  echo "OK, the clock is synchronised and wrong by $milliseconds ms"
  exit 0
fi

if ! command -v timedatectl > /dev/null; then
  echo "ERROR, timedatectl is not installed (apt install systemd)"
  exit 127
fi
if ! properties=$(timedatectl show 2>&1); then
  printf '%s\n' "$properties"
  echo "ERROR, timedatectl could not ask systemd"
  exit 3
fi

synchronised='' service=''
while IFS='=' read -r key value; do
  case $key in
    NTPSynchronized) synchronised=$value ;;
    NTP) service=$value ;;
    Timezone | TimeUSec) echo "$key: $value" ;;
  esac
done <<< "$properties"

case $synchronised:$service in
  yes:*) echo "OK, the clock is synchronised" ;;
  no:yes) echo "WARNING, the clock is not synchronised, though a service for it runs" && exit 1 ;;
  no:*) echo "WARNING, the clock is not synchronised and no service does it (apt install systemd-timesyncd)" && exit 1 ;;
  *) echo "ERROR, timedatectl does not tell whether the clock is synchronised" && exit 3 ;;
esac
