#!/bin/bash
# name: %n of "$HOME" é 100 %\
# description: %H 'quoted' "double" $(reboot) `reboot` ünï ; ExecStart=/bin/sh \
# version: %v;1
# schedule: minutely
# id: hostile
# env-file: /etc/50% "a" $b/x\
# credential: token:/etc/%h:b
# runbook: https://example.org/%n
echo "OK, fine"
