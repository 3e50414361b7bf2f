#!/bin/bash
# name: Certificate Expiry
# description: Days until the certificates of servers or in files expire
# version: 1.0
# schedule: daily
# timeout: 60
# tags: tls

set -u
export LC_ALL=C

# HOST:PORT or absolute paths of PEM files, separated by spaces.
certificates=${CERTIFICATES:-www.debian.org:443}
# Days left at which to look after it.
warning_days=${WARNING_DAYS:-21}
# Days left at which something has gone wrong.
failure_days=${FAILURE_DAYS:-7}
# Seconds for each server.
patience=${CONNECT_TIMEOUT:-10}
for limit in warning_days failure_days patience; do
  if ! [[ ${!limit} =~ ^[0-9]{1,9}$ ]]; then
    echo "ERROR, $limit must be a whole number, not '${!limit}'"
    exit 3
  fi
done

for tool in openssl timeout; do
  if ! command -v "$tool" > /dev/null; then
    echo "ERROR, $tool is not installed (apt install ${tool/timeout/coreutils})"
    exit 127
  fi
done

fetch() {
  case $1 in
    /*) cat "$1" ;;
    *) timeout "$patience" openssl s_client -connect "$1" -servername "${1%:*}" < /dev/null 2> /dev/null ;;
  esac
}

now=$(date +%s)
unread=()
least='' least_text='' broken=''
read -ra targets <<< "$certificates"
for target in ${targets[@]+"${targets[@]}"}; do
  if [[ $target == /* ]] && [[ $(cat "$target" 2>&1 > /dev/null) == *'ermission denied'* ]]; then
    unread+=("$target")
    continue
  fi
  if ! end=$(fetch "$target" | openssl x509 -noout -enddate 2> /dev/null) || ! end=$(date --date="${end#notAfter=}" +%s); then
    echo "$target: no certificate could be read"
    broken=${broken:-$target}
    continue
  fi
  days=$(((end - now) / 86400))
  [ "$end" -gt "$now" ] || days=-1
  echo "$target: until $(date --date="@$end" --utc +%F), $days days"
  if [ -z "$least" ] || [ "$days" -lt "$least" ]; then
    least=$days least_text="$target expires in $days days"
    [ "$days" -ge 0 ] || least_text="$target has expired"
  fi
done

if [ -n "$least" ] && [ "$least" -lt "$failure_days" ]; then
  echo "FAILURE, $least_text"
  exit 2
elif [ -n "$broken" ]; then
  echo "FAILURE, no certificate could be read from $broken"
  exit 2
elif [ "${#unread[@]}" -gt 0 ]; then
  echo "ERROR, ${unread[0]} may not be read by user $(id -un) (header key user: or group:)"
  exit 3
elif [ -z "$least" ]; then
  echo "ERROR, CERTIFICATES names no certificate"
  exit 3
elif [ "$least" -lt "$warning_days" ]; then
  echo "WARNING, $least_text"
  exit 1
fi
echo "OK, $least_text"
