#!/bin/bash
# name: Memory Pressure
# description: Share of the time that tasks wait for memory
# version: 1.0
# schedule: *:*:0/30
# tags: memory

set -u
export LC_ALL=C

# Percent of the last minute in which at least one task waited for memory.
warning=${WARNING_PERCENT:-10}
# Percent of the last minute in which all tasks that had something to do waited for memory.
failure=${FAILURE_PERCENT:-20}
for limit in warning failure; do
  if ! [[ ${!limit} =~ ^[0-9]{1,9}$ ]]; then
    echo "ERROR, $limit must be a whole number, not '${!limit}'"
    exit 3
  fi
done

source=/proc/pressure/memory
if [ ! -e "$source" ]; then
  echo "ERROR, this kernel does not measure pressure (it needs CONFIG_PSI, since Linux 4.20, and on some psi=1 on its command line)"
  exit 3
fi
# Where it is switched off, the file is there but reading it fails.
if ! lines=$(< "$source") 2> /dev/null || [ -z "$lines" ]; then
  echo "ERROR, $source cannot be read (switched off? psi=1 on the kernel's command line switches it on)"
  exit 3
fi

some='' full=''
while read -r kind _ minute _; do
  case $kind:$minute in
    some:avg60=*.*) some=${minute#avg60=} ;;
    full:avg60=*.*) full=${minute#avg60=} ;;
  esac
done <<< "$lines"
if [ -z "$some" ] || [ -z "$full" ]; then
  printf '%s\n' "$lines"
  echo "ERROR, $source has no average of one minute"
  exit 3
fi
printf '%s\n' "$lines"

if [ "${full%.*}" -ge "$failure" ]; then
  echo "FAILURE, everything waited for memory $full % of the last minute"
  exit 2
elif [ "${some%.*}" -ge "$warning" ]; then
  echo "WARNING, tasks waited for memory $some % of the last minute"
  exit 1
fi
echo "OK, tasks waited for memory $some % of the last minute"
