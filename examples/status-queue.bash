#!/bin/bash
# name: Status Queue
# description: What waits and what is worked on in a service, for the section queue of the status
# version: 1.0
# schedule: *:*:0/30
# timeout: 30
# protocol: json
# section: queue
# tags: status, http

set -u

# A JSON document of the service.
url=${QUEUE_URL:-http://127.0.0.1:8080/health}
# Which of its values belong to the section, NAME=POINTER, separated by spaces.
fields=${QUEUE_FIELDS:-active=/queue/active waiting=/queue/waiting}
read -ra wanted <<< "$fields"
if [ "${#wanted[@]}" -eq 0 ]; then
  echo 'ERROR, QUEUE_FIELDS names none'
  exit 3
fi

exec ssi probe http --timeout 10s "${wanted[@]/#/--field=}" --facts=/fields -- "$url" 2>&1
