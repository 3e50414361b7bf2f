#!/bin/bash
# name: Load
# description: Load average of five minutes for each processor
# version: 1.0
# schedule: *:*:0/10
# timeout: 5
# tags: cpu

set -u
export LC_ALL=C

# Percent of the processors: 100 is one waiting or running task for each.
warning=${WARNING_PERCENT:-150}
# The same, for a FAILURE.
failure=${FAILURE_PERCENT:-400}
for limit in warning failure; do
  if ! [[ ${!limit} =~ ^[0-9]{1,9}$ ]]; then
    echo "ERROR, $limit must be a whole number, not '${!limit}'"
    exit 3
  fi
done

if ! command -v nproc > /dev/null; then
  echo "ERROR, nproc is not installed (apt install coreutils)"
  exit 127
fi
if ! read -r one five fifteen tasks _ < /proc/loadavg; then
  echo "ERROR, /proc/loadavg cannot be read"
  exit 3
fi

processors=$(nproc)
if ! [[ "$processors $five" =~ ^[1-9][0-9]{0,5}\ [0-9]+\.[0-9]{2}$ ]]; then
  echo "ERROR, nproc or /proc/loadavg says what makes no sense"
  exit 3
fi
hundredths=${five/./}
percent=$((10#$hundredths / processors))
echo "load average: $one $five $fifteen on $processors processors, tasks: $tasks"

if [ "$percent" -ge "$failure" ]; then
  echo "FAILURE, load is $percent % of the processors"
  exit 2
elif [ "$percent" -ge "$warning" ]; then
  echo "WARNING, load is $percent % of the processors"
  exit 1
fi
echo "OK, load is $percent % of the processors"
