#!/bin/bash
# name: Your Own
# description: The same check for the system and for one user
# version: 1.0
# schedule: hourly
# state: yes
echo "OK, fine"
