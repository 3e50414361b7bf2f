#!/bin/bash
# name: Reboot Needed
# description: Tells whether an update takes effect only after a reboot
# version: 1.0
# schedule: *:0/30
# tags: kernel, updates

set -u
export LC_ALL=C

# A reboot that has been due for longer than this is a WARNING instead of an UPDATE.
warning_days=${WARNING_DAYS:-14}
if ! [[ $warning_days =~ ^[0-9]{1,9}$ ]]; then
  echo "ERROR, warning_days must be a whole number, not '$warning_days'"
  exit 3
fi

for tool in uname stat sort; do
  if ! command -v "$tool" > /dev/null; then
    echo "ERROR, $tool is not installed (apt install coreutils)"
    exit 127
  fi
done

now=$(date +%s)
read -r uptime _ < /proc/uptime
booted=$((now - ${uptime%.*}))
running=$(uname -r)
kernel=/boot/vmlinuz-$running
reason='' since=$now

# Some packages of Debian and all of Ubuntu leave a note.
if [ -e /run/reboot-required ]; then
  reason="packages ask for it"
  since=$(stat --format=%Y /run/reboot-required)
  [ ! -r /run/reboot-required.pkgs ] || sort -u /run/reboot-required.pkgs
fi

# A machine whose kernel does not come from /boot (a container, some virtual machines) has nothing to compare.
if [ -e "$kernel" ]; then
  newest=$(printf '%s\n' /boot/vmlinuz-* | grep -v '\.old$' | sort -V | tail -n 1)
  if [ "$newest" != "$kernel" ]; then
    echo "running kernel $running, installed ${newest#/boot/vmlinuz-}"
    reason=${reason:-a newer kernel is installed}
    since=$(stat --format=%Z "$newest")
  elif [ "$(stat --format=%Z "$kernel")" -gt "$booted" ]; then
    echo "kernel $running was replaced after the boot"
    reason=${reason:-the kernel was updated}
    since=$(stat --format=%Z "$kernel")
  fi
else
  echo "kernel $running is not from /boot, only packages were asked"
fi

due_days=$(((now - since) / 86400))
if [ -z "$reason" ]; then
  echo "OK, no reboot needed"
elif [ "$due_days" -ge "$warning_days" ]; then
  echo "WARNING, a reboot has been due for $due_days days: $reason"
  exit 1
else
  echo "UPDATE, reboot needed: $reason"
fi
