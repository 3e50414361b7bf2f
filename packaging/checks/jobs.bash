#!/bin/bash
# name: Jobs
# description: Reads all crontabs of this host for `ssi jobs`, and says which of their lines cron can't read
# version: 1.0
# schedule: *:0/5
# capabilities: cap_dac_read_search
# network: no
# protocol: json
# section: cron-jobs

# Crontabs of users can be read by root alone. Of all rights of root this has that one: it can change nothing. Secrets in command lines are
# masked before anything is printed.
exec ssi probe jobs --json
