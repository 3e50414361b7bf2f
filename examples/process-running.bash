#!/bin/bash
# name: Process Running
# description: Tells whether programs run, by their names
# version: 1.0
# schedule: *:*:0/30
# tags: process

set -u
export LC_ALL=C

# NAME or NAME=LEAST, separated by spaces: names as `ps -e` shows them, and how many must run if not one.
processes=${PROCESSES:-systemd}

if ! command -v ps > /dev/null; then
  echo "ERROR, ps is not installed (apt install procps)"
  exit 127
fi
read -ra wanted <<< "$processes"
if [ "${#wanted[@]}" -eq 0 ]; then
  echo "ERROR, PROCESSES names nothing"
  exit 3
fi
for want in "${wanted[@]}"; do
  # The kernel keeps 15 bytes of a name: nothing would ever match a longer one.
  if ! [[ $want =~ ^[^=]{1,15}(=[1-9][0-9]{0,4})?$ ]]; then
    echo "ERROR, PROCESSES has NAME or NAME=LEAST with at most 15 characters in a name, not '$want'"
    exit 3
  fi
done
# The first process is always there; who can't see it can't see others either.
if ! table=$(ps -e -o pid=,stat=,comm= 2>&1) || ! [[ $table =~ (^|$'\n')\ *1\  ]]; then
  echo "ERROR, the processes of other users are hidden (hidepid= on /proc, or sandbox: strict)"
  exit 3
fi

declare -A running=() dead=()
while read -r _ state name; do
  # A zombie has ended; only its parent has not noticed. An idle kernel thread is shown in the same table, and harmless.
  case $state in
    Z* | X*) name=${name% <defunct>} && dead[$name]=$((${dead[$name]:-0} + 1)) ;;
    *) running[$name]=$((${running[$name]:-0} + 1)) ;;
  esac
done <<< "$table"

missing=()
for want in "${wanted[@]}"; do
  name=${want%=*} least=1
  [ "$name" = "$want" ] || least=${want##*=}
  count=${running[$name]:-0}
  zombies=${dead[$name]:-0}
  text="$name: $count running"
  [ "$zombies" -eq 0 ] || text+=", $zombies ended but not collected by their parent"
  echo "$text"
  if [ "$count" -eq 0 ]; then
    missing+=("$name does not run")
  elif [ "$count" -lt "$least" ]; then
    missing+=("$name runs $count times instead of $least")
  fi
done

if [ "${#missing[@]}" -gt 0 ]; then
  more=$((${#missing[@]} - 1))
  [ "$more" -eq 0 ] || missing[0]+=" (and $more more)"
  echo "FAILURE, ${missing[0]}"
  exit 2
fi
echo "OK, ${#wanted[@]} of ${#wanted[@]} programs run"
