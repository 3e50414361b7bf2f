#!/bin/bash
# name: State and Secrets
# description: Keeps files between runs, reads settings and two credentials
# version: 1.0
# schedule: hourly
# state: yes
# env-file: /etc/default/state-and-secrets
# credential: token:/etc/ssi/50%/token
# credential: from-the-store
echo "OK, fine"
