#!/bin/bash
# name: Status Messages
# description: How many messages a service got and sent, for the section messages of the status
# version: 1.0
# schedule: *:*:0/30
# timeout: 30
# protocol: json
# section: messages
# tags: status, sqlite

set -u

# The database of the service. The queries are for a table `messages` of what came (`inbound`) and what goes out, delivered or not yet.
file=${DATABASE:-/srv/app/app.db}

exec ssi probe sqlite --timeout 10s --facts=/fields \
  --query "total_inbound=SELECT count(*) FROM messages WHERE inbound" \
  --query "total_outbound=SELECT count(*) FROM messages WHERE NOT inbound" \
  --query "last_received_at=SELECT strftime('%Y-%m-%dT%H:%M:%fZ', max(at)) FROM messages WHERE inbound" \
  --query "last_sent_at=SELECT strftime('%Y-%m-%dT%H:%M:%fZ', max(delivered_at)) FROM messages WHERE NOT inbound" \
  --query "pending_deliveries=SELECT count(*) FROM messages WHERE NOT inbound AND delivered_at IS NULL" \
  -- "$file" 2>&1
