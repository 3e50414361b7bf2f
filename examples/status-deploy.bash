#!/bin/bash
# name: Status Deploy
# description: What of a service is deployed, for the section deploy of the status
# version: 1.0
# schedule: *:*:0/30
# timeout: 30
# protocol: json
# section: deploy
# tags: status, git

set -u

# The work tree that the service runs from, an absolute path.
directory=${DEPLOY_DIR:-/srv/app}

exec ssi probe git --timeout 20s --warn none \
  --facts=head_sha,head_commit,dirty,unpushed_commits,last_deploy_at,last_deploy_sha -- "$directory" 2>&1
