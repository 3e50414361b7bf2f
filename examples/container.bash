#!/bin/bash
# name: Container
# description: Tells whether containers run, are healthy and stay up
# version: 1.0
# schedule: *:*:0/30
# timeout: 30
# tags: container, docker

# Who may talk to the engine can become root, so the header does not ask for it: add a line `# group: docker`.

set -u
export LC_ALL=C

# Names, separated by spaces; without any, all containers that the engine is told to restart.
containers=${CONTAINERS:-}
# docker, or podman with CONTAINER_HOST=unix:///…: on its own podman shows each user other containers. Its usual socket lies in a
# directory of root's alone; a drop-in of podman.socket with ListenStream= and SocketGroup= makes one for a group.
engine=${ENGINE:-docker}
# A container that was restarted so few minutes ago is a WARNING.
restart_minutes=${RESTART_MINUTES:-10}
if ! [[ $restart_minutes =~ ^[0-9]{1,9}$ ]]; then
  echo "ERROR, restart_minutes must be a whole number, not '$restart_minutes'"
  exit 3
fi
case $engine in
  docker) client=(docker) start='{{.State.StartedAt}}' group=docker ;;
  podman) client=(podman --remote) start='@{{.State.StartedAt.Unix}}' group='the group of its socket' ;;
  *) echo "ERROR, engine must be docker or podman, not '$engine'" && exit 3 ;;
esac

for tool in "$engine" timeout date; do
  if ! command -v "$tool" > /dev/null; then
    case $tool in docker) tool='docker (apt install docker.io)' ;; podman) tool='podman (apt install podman)' ;; esac
    echo "ERROR, not installed: $tool"
    exit 127
  fi
done

# Asks the engine; what it answers is in $answer.
ask() {
  answer=$(timeout 10 "${client[@]}" "$@" 2>&1)
  local code=$?
  case $code:$answer in
    0:*) return 0 ;;
    124:*) echo "FAILURE, $engine does not answer within 10 s" && exit 2 ;;
    *[Nn]'o such container'* | *[Nn]'o such object'*) return 1 ;;
    *'ermission denied'*)
      printf '%s\n' "$answer"
      echo "ERROR, user $(id -un) may not ask $engine (header key group: $group)"
      exit 3
      ;;
    *'Cannot connect to'* | *'onnection refused'* | *'nable to connect'* | *'no such file or directory'*)
      printf '%s\n' "$answer"
      echo "FAILURE, $engine does not answer"
      exit 2
      ;;
    *) printf '%s\n' "$answer" && echo "ERROR, $engine could not be asked" && exit 3 ;;
  esac
}

format="{{.State.Status}}|{{with .State}}{{if .Health}}{{.Health.Status}}{{end}}{{end}}|{{.RestartCount}}|{{.State.ExitCode}}|$start|"
format+='{{.HostConfig.RestartPolicy.Name}}|{{.Name}}'

read -ra wanted <<< "$containers"
named=${#wanted[@]}
if [ "$named" -eq 0 ]; then
  ask ps --all --quiet --no-trunc || answer=''
  read -d '' -ra wanted <<< "$answer"
fi

now=$(date +%s)
watched=0 down=() shaky=()
for name in ${wanted[@]+"${wanted[@]}"}; do
  case $name in -*) echo "ERROR, CONTAINERS has names, not '$name'" && exit 3 ;; esac
  if ! ask inspect --type container --format "$format" "$name"; then
    # One that was removed since the list was made is none to watch.
    [ "$named" -eq 0 ] || down+=("there is no container $name")
    continue
  fi
  # Warnings of the client come before its answer.
  IFS='|' read -r state health restarts exit_code started policy name <<< "${answer##*$'\n'}"
  name=${name#/}
  if [ "$named" -eq 0 ] && [[ $policy =~ ^(no)?$ ]]; then
    continue
  fi
  watched=$((watched + 1))
  if ! [[ $restarts =~ ^[0-9]+$ ]] || ! since=$(date --date="$started" +%s 2> /dev/null); then
    printf '%s\n' "$answer"
    echo "ERROR, $engine says of $name what this check does not understand"
    exit 3
  fi
  minutes=$(((now - since) / 60))
  text="$name: $state, restarted $restarts times"
  [ -z "$health" ] || text+=", $health"
  echo "$text"
  case $state:$health in
    running:unhealthy) down+=("$name is unhealthy") ;;
    running:*)
      if [ "$restarts" -gt 0 ] && [ "$minutes" -lt "$restart_minutes" ]; then
        shaky+=("$name was restarted $minutes minutes ago, $restarts times in all")
      fi
      ;;
    restarting:*) down+=("$name ends again and again (exit code $exit_code, $restarts restarts)") ;;
    exited:*) down+=("$name has exited with $exit_code") ;;
    *) down+=("$name is $state") ;;
  esac
done

if [ "${#down[@]}" -gt 0 ]; then
  more=$((${#down[@]} - 1))
  [ "$more" -eq 0 ] || down[0]+=" (and $more more)"
  echo "FAILURE, ${down[0]}"
  exit 2
elif [ "$watched" -eq 0 ]; then
  echo "ERROR, CONTAINERS names none, and no container has a restart policy"
  exit 3
elif [ "${#shaky[@]}" -gt 0 ]; then
  echo "WARNING, ${shaky[0]}"
  exit 1
fi
echo "OK, $watched of $watched containers run"
