#!/bin/bash
# name: PostgreSQL
# description: Tells whether the database accepts connections, how many are in use, and whether replication keeps up
# version: 1.0
# schedule: *:*:0/30
# timeout: 30
# tags: database, postgresql

# It logs in over the local socket as the user of checks, who needs an account that sees the work of others:
#   sudo -u postgres createuser _ssi-check
#   sudo -u postgres psql -c 'GRANT pg_monitor TO "_ssi-check"'
# Another server or account: PGHOST, PGPORT, PGUSER, PGPASSWORD and so on, as every program of PostgreSQL reads them.

set -u
export LC_ALL=C PGCONNECT_TIMEOUT=5

# The database to log in to.
export PGDATABASE=${PGDATABASE:-postgres}
# Percent of max_connections in use.
warning=${WARNING_PERCENT:-80}
# The same, for a FAILURE.
failure=${FAILURE_PERCENT:-95}
# Minutes that a transaction may be open; older ones keep vacuum from its work.
transaction_minutes=${TRANSACTION_MINUTES:-60}
# Seconds that a standby may be behind its primary.
lag_seconds=${LAG_SECONDS:-300}
for limit in warning failure transaction_minutes lag_seconds; do
  if ! [[ ${!limit} =~ ^[0-9]{1,9}$ ]]; then
    echo "ERROR, $limit must be a whole number, not '${!limit}'"
    exit 3
  fi
done

for tool in pg_isready psql; do
  if ! command -v "$tool" > /dev/null; then
    echo "ERROR, $tool is not installed (apt install postgresql-client)"
    exit 127
  fi
done

answer=$(pg_isready --timeout=5 2>&1)
case $? in
  0) ;;
  1) echo "$answer" && echo "FAILURE, PostgreSQL rejects connections (it starts, stops or recovers)" && exit 2 ;;
  2) echo "$answer" && echo "FAILURE, PostgreSQL does not answer" && exit 2 ;;
  *) echo "$answer" && echo "ERROR, pg_isready could not ask" && exit 3 ;;
esac

# A standby that has replayed all that it received is up to date only while it still receives.
query="
  SELECT count(*) FILTER (WHERE datid IS NOT NULL),
    current_setting('max_connections'),
    coalesce(floor(extract(epoch FROM max(clock_timestamp() - xact_start) FILTER (WHERE backend_type = 'client backend'))), 0),
    pg_has_role('pg_read_all_stats', 'usage'),
    pg_is_in_recovery(),
    CASE WHEN NOT pg_is_in_recovery() THEN 0
      WHEN EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming')
        AND pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
      ELSE coalesce(floor(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())), 999999999) END
  FROM pg_stat_activity"
if ! answer=$(PGOPTIONS='-c statement_timeout=10s' psql --no-psqlrc --no-password --no-align --tuples-only --field-separator=' ' --command="$query" 2>&1); then
  echo "$answer"
  case $answer in
    *'too many'* | *'remaining connection slots'*) echo "FAILURE, PostgreSQL has no connection left" && exit 2 ;;
    *'statement timeout'*) echo "FAILURE, PostgreSQL does not answer a query within 10 s" && exit 2 ;;
    *) echo "ERROR, PostgreSQL answers, but the login or the query failed (the head of this script says how to make an account)" && exit 3 ;;
  esac
fi
read -r used most transaction sees_all standby lag <<< "${answer##*$'\n'}"
if ! [[ "$used $most $transaction $lag" =~ ^[0-9]+\ [1-9][0-9]*\ [0-9]+\ [0-9]+$ ]]; then
  echo "$answer"
  echo "ERROR, PostgreSQL did not answer with numbers"
  exit 3
fi

percent=$((used * 100 / most))
echo "connections: $used of $most in use"
echo "oldest transaction: $((transaction / 60)) min"
[ "$standby" = f ] || echo "standby: $lag s behind"

if [ "$percent" -ge "$failure" ]; then
  echo "FAILURE, $percent % of the connections in use"
  exit 2
elif [ "$lag" -gt "$lag_seconds" ]; then
  echo "FAILURE, the standby is $lag s behind its primary"
  exit 2
elif [ "$sees_all" != t ]; then
  echo "ERROR, this account does not see the transactions of others (GRANT pg_monitor TO it)"
  exit 3
elif [ "$percent" -ge "$warning" ]; then
  echo "WARNING, $percent % of the connections in use"
  exit 1
elif [ "$((transaction / 60))" -ge "$transaction_minutes" ]; then
  echo "WARNING, a transaction has been open for $((transaction / 60)) minutes"
  exit 1
fi
echo "OK, $percent % of the connections in use ($used of $most)"
