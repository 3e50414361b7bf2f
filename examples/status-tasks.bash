#!/bin/bash
# name: Status Tasks
# description: Tasks that a service does on a schedule, for the section tasks of the status
# version: 1.0
# schedule: *:*:0/30
# timeout: 30
# protocol: json
# section: tasks
# tags: status, sqlite

set -u

# The database of the service. The query is for a table `tasks`; its times are made what every JSON of ssi has.
file=${DATABASE:-/srv/app/app.db}

exec ssi probe sqlite --timeout 10s --facts=/fields/tasks --rows "tasks=
  SELECT id, group_name AS \"group\", schedule_type, schedule_value, status,
    strftime('%Y-%m-%dT%H:%M:%fZ', next_run) AS next_run, strftime('%Y-%m-%dT%H:%M:%fZ', last_run) AS last_run, last_result
  FROM tasks ORDER BY id LIMIT 200" -- "$file" 2>&1
