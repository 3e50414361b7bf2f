#!/bin/bash
# name: Systemd Timers
# description: Tells whether timers of systemd run when they should, and whether what they start succeeds
# version: 1.0
# schedule: *:0/5
# tags: systemd

set -u
# The times that systemctl shows are read by date, so both have to mean the same zone.
export LC_ALL=C TZ=UTC

# UNIT=HOURS, separated by spaces: the timer, and how long ago its last run may be.
timers=${TIMERS:-logrotate.timer=26}

for tool in systemctl date; do
  if ! command -v "$tool" > /dev/null; then
    echo "ERROR, $tool is not installed (apt install ${tool/systemctl/systemd})"
    exit 127
  fi
done
read -ra wanted <<< "$timers"
if [ "${#wanted[@]}" -eq 0 ]; then
  echo "ERROR, TIMERS names nothing"
  exit 3
fi
for want in "${wanted[@]}"; do
  if ! [[ $want =~ ^[^=[:space:]-][^=]*\.timer=[1-9][0-9]{0,5}$ ]]; then
    echo "ERROR, TIMERS has UNIT.timer=HOURS, not '$want'"
    exit 3
  fi
done

# Asks for properties ($2) of a unit ($1).
show() {
  if ! shown=$(systemctl show --property="$2" -- "$1" 2>&1); then
    printf '%s\n' "$shown"
    echo "ERROR, systemctl could not ask systemd"
    exit 3
  fi
}

now=$(date +%s)
bad=()
for want in "${wanted[@]}"; do
  timer=${want%=*} hours=${want##*=}
  loaded='' active='' started='' last='' service='' result=''
  show "$timer" LoadState,ActiveState,ActiveEnterTimestamp,LastTriggerUSec,Unit
  while IFS='=' read -r key value; do
    case $key in
      LoadState) loaded=$value ;;
      ActiveState) active=$value ;;
      ActiveEnterTimestamp) started=$value ;;
      LastTriggerUSec) last=$value ;;
      Unit) service=$value ;;
    esac
  done <<< "$shown"
  if [ "$loaded" != loaded ]; then
    bad+=("$timer is not there ($loaded)")
    continue
  elif [ "$active" != active ]; then
    bad+=("$timer does not run ($active)")
    continue
  fi
  show "$service" Result
  result=${shown#Result=}
  case $last in '' | n/a | 0) last='' ;; esac
  # Before the first run, the time counts since the timer was started.
  if ! since=$(date --date="${last:-$started}" +%s 2>&1); then
    echo "ERROR, the last run of $timer has a time that date does not understand: ${last:-$started}"
    exit 3
  fi
  ago=$(((now - since) / 60))
  text="$((ago / 60)) h $((ago % 60)) min ago"
  if [ -n "$last" ]; then
    echo "$timer: last run $text, $service: $result"
  else
    echo "$timer: no run yet, started $text"
  fi
  if [ "$ago" -ge "$((hours * 60))" ]; then
    bad+=("$timer has not run for $((ago / 60)) hours")
  elif [ "$result" != success ]; then
    bad+=("$service of $timer has failed ($result)")
  fi
done

if [ "${#bad[@]}" -gt 0 ]; then
  printf '%s\n' "${bad[@]}"
  more=$((${#bad[@]} - 1))
  [ "$more" -eq 0 ] || bad[0]+=" (and $more more)"
  echo "FAILURE, ${bad[0]}"
  exit 2
fi
echo "OK, ${#wanted[@]} of ${#wanted[@]} timers run"
