#!/bin/bash
# name: Status Repos
# description: Repositories and their work trees, for the section repos of the status
# version: 1.0
# schedule: *:*:0/30
# timeout: 30
# protocol: json
# section: repos
# tags: status, git

set -u

# Absolute paths of work trees or bare repositories, separated by spaces.
repositories=${REPOSITORIES:-/srv/app}
read -ra wanted <<< "$repositories"
if [ "${#wanted[@]}" -eq 0 ]; then
  echo 'ERROR, REPOSITORIES names none'
  exit 3
fi

exec ssi probe git --timeout 20s --warn conflict --facts=/repos -- "${wanted[@]}" 2>&1
