#!/bin/bash
# name: TCP Ports
# description: Tells whether each port of a list accepts connections
# version: 1.0
# schedule: *:*:0/30
# tags: network

set -u
export LC_ALL=C

# HOST:PORT, separated by spaces; an IPv6 address in brackets.
ports=${PORTS:-localhost:22}
# Seconds for each; all are tried at once.
patience=${PATIENCE:-5}
if ! [[ $patience =~ ^[1-9][0-9]{0,8}$ ]]; then
  echo "ERROR, patience must be a whole number from 1 up, not '$patience'"
  exit 3
fi

for tool in timeout bash; do
  if ! command -v "$tool" > /dev/null; then
    echo "ERROR, $tool is not installed (apt install ${tool/timeout/coreutils})"
    exit 127
  fi
done

read -ra targets <<< "$ports"
if [ "${#targets[@]}" -eq 0 ]; then
  echo "ERROR, PORTS names nothing"
  exit 3
fi
for target in "${targets[@]}"; do
  if ! [[ $target =~ ^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):([1-9][0-9]{0,4})$ ]] || [ "${BASH_REMATCH[2]}" -gt 65535 ]; then
    echo "ERROR, PORTS has HOST:PORT, not '$target'"
    exit 3
  fi
done

tries=()
for target in "${targets[@]}"; do
  host=${target%:*} host=${host#[} host=${host%]}
  # The inner bash opens the connection and ends, which closes it.
  # shellcheck disable=SC2016
  timeout "$patience" bash -c ': < "/dev/tcp/$0/$1"' "$host" "${target##*:}" 2>&1 &
  tries+=("$!")
done

closed=()
for i in "${!targets[@]}"; do
  wait "${tries[i]}"
  case $? in
    0) echo "${targets[i]}: accepts connections" ;;
    124) closed+=("${targets[i]}") && echo "${targets[i]}: no answer within $patience s" ;;
    *) closed+=("${targets[i]}") && echo "${targets[i]}: no connection" ;;
  esac
done

if [ "${#closed[@]}" -gt 0 ]; then
  echo "FAILURE, ${#closed[@]} of ${#targets[@]} ports accept no connection: ${closed[*]}"
  exit 2
fi
echo "OK, ${#targets[@]} of ${#targets[@]} ports accept connections"
