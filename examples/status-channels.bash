#!/bin/bash
# name: Status Channels
# description: Which channels of a service are connected, for the section channels of the status
# version: 1.0
# schedule: *:*:0/30
# timeout: 30
# protocol: json
# section: channels
# tags: status, http

set -u

# A JSON document of the service.
url=${CHANNELS_URL:-http://127.0.0.1:8080/health}
# Where it says whether a channel is connected, NAME=POINTER, separated by spaces.
channels=${CHANNELS:-telegram=/channels/telegram/connected slack=/channels/slack/connected}
read -ra wanted <<< "$channels"
if [ "${#wanted[@]}" -eq 0 ]; then
  echo 'ERROR, CHANNELS names none'
  exit 3
fi

answer=$(ssi probe http --timeout 10s "${wanted[@]/#/--field=}" --facts=/fields -- "$url" 2>&1)
code=$?
if [ "$code" -eq 0 ] && [[ ${answer##*$'\n'} == *:false* ]]; then
  printf 'WARNING, a channel is not connected\n%s\n' "${answer##*$'\n'}"
  exit 1
fi
printf '%s\n' "$answer"
exit "$code"
