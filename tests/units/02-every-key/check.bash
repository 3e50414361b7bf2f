#!/bin/bash
# --- Manifest --- #
# name: Every Key
# description: Each optional key with a value that is not its default
# version: 2.3.1-rc1
# schedule: daily
# timeout: 45s
# id: all-of-them
# user: backup
# group: adm
# sandbox: strict
# jitter: 5min
# persistent: no
# on-boot: 2min
# protocol: json
# section: storage
# env-file: /etc/default/every key
# credential: token:/etc/ssi/token
# credential: password
# memory: 1G
# tasks: 16
# network: loopback
# state: yes
# confirm: 3
# stale-after: 10min
# tags: web production
# runbook: https://wiki.example.org/every-key?a=b%20c
echo '{"status": "OK"}'
