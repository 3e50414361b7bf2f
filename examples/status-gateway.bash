#!/bin/bash
# name: Status Gateway
# description: Containers and models of a gateway, for the section gateway of the status
# version: 1.0
# schedule: *:*:0/30
# timeout: 30
# protocol: json
# section: gateway
# tags: status, container

set -u

# What stands before the models: a word.
mode=${GATEWAY_MODE:-litellm}
# The container of the gateway.
litellm=${LITELLM_CONTAINER:-litellm}
# The container of its database.
postgres=${POSTGRES_CONTAINER:-litellm-db}
# The page of the gateway's health, a JSON document with `healthy_count` and `unhealthy_count`.
url=${GATEWAY_URL:-http://127.0.0.1:4000/health}
# A file with the key to it; a mere name is a credential: add a line `# credential: gateway-key:/etc/gateway.key` to the header.
key=${GATEWAY_KEY:-}
if ! [[ $mode =~ ^[a-z0-9_-]+$ ]]; then
  echo "ERROR, GATEWAY_MODE must be a word, not '$mode'"
  exit 3
fi

worst=0 line=''
# Asks, keeps the worst status line in $line, and leaves the members of the object that was found in $found.
ask() {
  local answer code
  answer=$(ssi probe "$@" 2>&1)
  code=$?
  found=${answer##*$'\n'}
  if [ -z "$line" ] || [ "$code" -gt "$worst" ]; then
    worst=$code line=${answer%%$'\n'*}
  fi
  case $found in
    '{'*'}') found=${found:1:-1} ;;
    *) printf '%s\n' "$answer" && exit 3 ;;
  esac
}

ask container --timeout 10s --facts="litellm_container=/containers/$litellm/state,postgres_container=/containers/$postgres/state" \
  -- "$litellm" "$postgres"
containers=$found
ask http --timeout 10s ${key:+--bearer-file "$key"} --field healthy_models=/healthy_count --field unhealthy_models=/unhealthy_count \
  --facts=/fields -- "$url"

printf '%s\n{"mode":"%s",%s,%s}\n' "$line" "$mode" "$containers" "$found"
exit "$worst"
