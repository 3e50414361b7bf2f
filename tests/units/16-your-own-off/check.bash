#!/bin/bash
# name: Your Own, Off
# description: The same check for the system and for one user
# version: 1.0
# schedule: hourly
# sandbox: off
echo "OK, fine"
