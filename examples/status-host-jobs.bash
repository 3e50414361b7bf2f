#!/bin/bash
# name: Status Host Jobs
# description: Jobs that a service has the host do, for the section host_jobs of the status
# version: 1.0
# schedule: *:*:0/30
# timeout: 30
# protocol: json
# section: host_jobs
# tags: status, sqlite

set -u

# The database of the service. The query is for a table `host_jobs`, in which `enabled` is declared as BOOLEAN.
file=${DATABASE:-/srv/app/app.db}

exec ssi probe sqlite --timeout 10s --facts=/fields/jobs --rows "jobs=
  SELECT id, name, schedule_type, schedule_value, status, enabled,
    strftime('%Y-%m-%dT%H:%M:%fZ', next_run) AS next_run, strftime('%Y-%m-%dT%H:%M:%fZ', last_run) AS last_run
  FROM host_jobs ORDER BY id LIMIT 200" -- "$file" 2>&1
