#!/bin/bash
# name: Schedules
# description: Office hours in one zone, the last day of the month in another
# version: 1.0
# schedule: mon..fri 08..17:00/30 Europe/Berlin; *-*~01 23:30 UTC; sat,sun 12:00
echo "OK, fine"
