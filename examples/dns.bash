#!/bin/bash
# name: DNS
# description: Tells whether names resolve, and to the addresses that they should
# version: 1.0
# schedule: *:0/2
# timeout: 60
# tags: dns, network

set -u
export LC_ALL=C

# HOST or HOST=ADDRESS, separated by spaces; an address that is given must be among the answers.
names=${NAMES:-www.debian.org}
# Address of the DNS server to ask; without one, the machine is asked as its programs ask it (hosts file, resolv.conf).
server=${SERVER:-}
# Seconds for each name.
patience=${PATIENCE:-5}
if ! [[ $patience =~ ^[1-9][0-9]{0,8}$ ]]; then
  echo "ERROR, patience must be a whole number from 1 up, not '$patience'"
  exit 3
fi

need() {
  if ! command -v "$1" > /dev/null; then
    echo "ERROR, $1 is not installed (apt install $2)"
    exit 127
  fi
}
need timeout coreutils
if [ -n "$server" ]; then
  need dig bind9-dnsutils
else
  need getent libc-bin
fi

read -ra wanted <<< "$names"
if [ "${#wanted[@]}" -eq 0 ]; then
  echo "ERROR, NAMES names nothing"
  exit 3
fi
for want in "${wanted[@]}"; do
  case $want in
    =* | *= | *=*=* | -* | @*)
      echo "ERROR, NAMES has HOST or HOST=ADDRESS, not '$want'"
      exit 3
      ;;
  esac
done

# The addresses of $1, one a line.
resolve() {
  if [ -z "$server" ]; then
    timeout "$patience" getent ahosts "$1" | while read -r address _; do echo "$address"; done
    return "${PIPESTATUS[0]}"
  fi
  local type
  for type in A AAAA; do
    timeout "$((patience + 1))" dig "@$server" +short +time="$patience" +tries=1 "$1" "$type" || return
  done
}

down=()
for want in "${wanted[@]}"; do
  host=${want%%=*} expected=''
  [ "$host" = "$want" ] || expected=${want#*=}
  answer=$(resolve "$host" 2>&1)
  code=$?
  # dig also shows the aliases on the way, and its complaints as comments.
  addresses=()
  while read -r line; do
    if [[ $line =~ ^[0-9a-fA-F.:]+$ ]] && [[ $line == *[.:]* && " ${addresses[*]-} " != *" $line "* ]]; then
      addresses+=("$line")
    elif [ -n "$line" ] && [ "$code" -ne 0 ]; then
      echo "$host: $line"
    fi
  done <<< "$answer"
  if [ "$code" -eq 124 ] || { [ -n "$server" ] && [ "$code" -eq 9 ]; }; then
    down+=("$host: no answer within $patience s")
  elif [ "$code" -ne 0 ] && [ "$code" -ne 2 ]; then
    echo "ERROR, $host could not be asked for (exit code $code)"
    exit 3
  elif [ "${#addresses[@]}" -eq 0 ]; then
    down+=("$host does not resolve")
  elif [ -n "$expected" ] && [[ " ${addresses[*]} " != *" $expected "* ]]; then
    down+=("$host resolves to ${addresses[*]} instead of $expected")
  else
    echo "$host: ${addresses[*]}"
  fi
done

if [ "${#down[@]}" -gt 0 ]; then
  printf '%s\n' "${down[@]}"
  more=$((${#down[@]} - 1))
  [ "$more" -eq 0 ] || down[0]+=" (and $more more)"
  echo "FAILURE, ${down[0]}"
  exit 2
fi
echo "OK, ${#wanted[@]} of ${#wanted[@]} names resolve"
