#!/bin/bash
# name: HTTP Endpoint
# description: Tells whether a web page answers, with what, and how fast
# version: 1.0
# schedule: *:*:0/30
# timeout: 20
# tags: http

set -u
export LC_ALL=C

# The page; what it redirects to is not looked at.
url=${URL:-http://localhost/}
# The status codes that are right, as an extended regular expression.
expected=${EXPECTED_STATUS:-2..|3..}
# Milliseconds until the answer is complete.
warning_ms=${WARNING_MS:-2000}
# Seconds after which it counts as down.
patience=${PATIENCE:-10}
for limit in warning_ms patience; do
  if ! [[ ${!limit} =~ ^[0-9]{1,9}$ ]]; then
    echo "ERROR, $limit must be a whole number, not '${!limit}'"
    exit 3
  fi
done
[[ '' =~ $expected ]]
if [ $? -eq 2 ]; then
  echo "ERROR, EXPECTED_STATUS is no regular expression: '$expected'"
  exit 3
fi

if ! command -v curl > /dev/null; then
  echo "ERROR, curl is not installed (apt install curl)"
  exit 127
fi

answer=$(curl --silent --show-error --max-time "$patience" --output /dev/null --write-out '%{http_code} %{time_total}' "$url" 2>&1)
code=$?
case $code in
  0) ;;
  1 | 2 | 3 | 4) echo "$answer" && echo "ERROR, curl cannot ask for $url (exit code $code)" && exit 3 ;;
  *) echo "$answer" && echo "FAILURE, $url does not answer (curl exit code $code)" && exit 2 ;;
esac

if ! [[ $answer =~ ^[0-9]{3}\ [0-9]+\.[0-9]{6}$ ]]; then
  printf '%s\n' "$answer"
  echo "ERROR, curl does not tell what $url answered"
  exit 3
fi
read -r status seconds <<< "$answer"
micros=${seconds/./}
milliseconds=$((10#$micros / 1000))
echo "$url: status $status after $milliseconds ms"

if ! [[ $status =~ ^($expected)$ ]]; then
  echo "FAILURE, $url answers with status $status"
  exit 2
elif [ "$milliseconds" -ge "$warning_ms" ]; then
  echo "WARNING, $url answers only after $milliseconds ms"
  exit 1
fi
echo "OK, $url answers after $milliseconds ms"
