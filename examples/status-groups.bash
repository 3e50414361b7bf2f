#!/bin/bash
# name: Status Groups
# description: How many groups a service has and which of them are in use, for the section groups of the status
# version: 1.0
# schedule: *:*:0/30
# timeout: 30
# protocol: json
# section: groups
# tags: status, sqlite

set -u

# The database of the service. The queries are for tables `groups` and `sessions`.
file=${DATABASE:-/srv/app/app.db}

exec ssi probe sqlite --timeout 10s --facts=/fields \
  --query "total=SELECT count(*) FROM groups" \
  --query "active_sessions=SELECT count(*) FROM sessions WHERE ended_at IS NULL" \
  -- "$file" 2>&1
