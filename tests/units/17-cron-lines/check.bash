#!/bin/bash
# name: Cron lines
# description: Two days that either suffice, in a zone, beside an OnCalendar expression
# version: 1.0
# schedule: CRON_TZ=Europe/Berlin */20 8-17 1,15 * fri; *-*~01 23:30
echo "OK, fine"
