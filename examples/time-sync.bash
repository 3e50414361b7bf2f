#!/bin/bash
# name: Time Synchronisation
# description: Tells whether the clock is kept right over the network
# version: 1.0
# schedule: *:0/15
# tags: time

set -u
export LC_ALL=C

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
