#!/bin/bash
# name: Nagios Plugin
# description: Runs a monitoring plugin as it is
# version: 1.0
# schedule: *:*:0/30
# protocol: nagios
# timeout: 30
# tags: nagios

set -u

# The plugin and its arguments, separated by spaces; it needs no change, its exit code and performance data are understood.
plugin=${PLUGIN:-/usr/lib/nagios/plugins/check_swap -w 20% -c 5% -n ok}

read -ra command <<< "$plugin"
if [ "${#command[@]}" -eq 0 ]; then
  echo "PLUGIN names nothing"
  exit 3
elif ! command -v "${command[0]}" > /dev/null; then
  echo "${command[0]} is not installed (apt install monitoring-plugins-basic)"
  exit 3
fi
exec "${command[@]}"
