#!/bin/bash
# name: On Boot
# description: Soon after the start and every five seconds from then on
# version: 1.0
# schedule: *:*:0/5
# on-boot: 1min 30s
# timeout: 60
echo "OK, fine"
