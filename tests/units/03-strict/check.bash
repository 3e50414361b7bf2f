#!/bin/bash
# name: Strict
# description: Sees neither homes nor other users' processes
# version: 1.0
# schedule: hourly
# sandbox: strict
echo "OK, fine"
