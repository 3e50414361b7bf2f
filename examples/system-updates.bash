#!/bin/bash
# name: System Updates
# description: Tells whether apt has updates to install, and whether it still looks for them
# version: 1.0
# schedule: hourly
# timeout: 60
# tags: apt, updates

set -u
export LC_ALL=C

# Security updates raise the status from UPDATE to WARNING from this number on.
security_warning=${SECURITY_WARNING:-1}
# Older package lists say nothing about today's updates.
max_list_age_days=${MAX_LIST_AGE_DAYS:-7}
for limit in security_warning max_list_age_days; do
  if ! [[ ${!limit} =~ ^[0-9]{1,9}$ ]]; then
    echo "ERROR, $limit must be a whole number, not '${!limit}'"
    exit 3
  fi
done

if ! command -v apt-get > /dev/null; then
  echo "ERROR, apt-get is not installed (this check is for Debian and its relatives)"
  exit 127
fi

# However quiet it is configured to be, it has to end with a summary: without one, no updates and no answer look the same.
if ! plan=$(apt-get --simulate -o Debug::NoLocking=true -o quiet=1 dist-upgrade 2>&1) || ! [[ $plan =~ [0-9]\ upgraded,\  ]]; then
  printf '%s\n' "$plan"
  echo "ERROR, apt-get could not work out the updates"
  exit 3
fi

total=0
security=0
while read -r word package details; do
  [ "$word" = Inst ] || continue
  total=$((total + 1))
  case $details in *[Ss]ecurity*) security=$((security + 1)) && package="$package (security)" ;; esac
  echo "$package"
done <<< "$plan"

lists=(/var/lib/apt/lists/*_Packages*)
if [ ! -e "${lists[0]}" ]; then
  echo "WARNING, there are no package lists: apt-get update never ran"
  exit 1
fi
# The lists themselves carry the time of the archive, their directories that of the last apt-get update.
newest=$(stat --format=%Y /var/lib/apt/lists /var/lib/apt/lists/partial 2> /dev/null | sort -n | tail -n 1)
age_days=$((($(date +%s) - ${newest:-0}) / 86400))
if [ "$age_days" -gt "$max_list_age_days" ]; then
  echo "WARNING, the package lists are $age_days days old (apt-get update does not run)"
  exit 1
fi

if [ "$security" -ge "$security_warning" ] && [ "$security" -gt 0 ]; then
  echo "WARNING, $total updates, $security of them for security"
  exit 1
elif [ "$total" -gt 0 ]; then
  echo "UPDATE, $total updates"
else
  echo "OK, everything is up to date"
fi
