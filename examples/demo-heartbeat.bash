#!/bin/bash
# name: Demo Heartbeat
# description: A demonstration that watches nothing: the clock alone decides its status
# version: 1.0
# schedule: *:*:0/5
# timeout: 5
# tags: demo

set -u

# Seconds that each status lasts.
step=${STEP_SECONDS:-15}
if ! [[ $step =~ ^[1-9][0-9]{0,8}$ ]]; then
  echo "ERROR, step must be a whole number from 1 up, not '$step'"
  exit 3
fi

printf -v now '%(%s)T' -1
phase=$((now / step % 5))
echo "phase $((phase + 1)) of 5, each lasts $step s"
case $phase in
  0 | 2) echo "OK, all is well (demonstration)" ;;
  1) echo "UPDATE, something new is there (demonstration)" ;;
  3) echo "WARNING, something needs a look (demonstration)" && exit 1 ;;
  *) echo "FAILURE, something is down (demonstration)" && exit 2 ;;
esac
