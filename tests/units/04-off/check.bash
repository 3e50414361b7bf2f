#!/bin/bash
# name: Off
# description: No sandbox, so the static user
# version: 1.0
# schedule: hourly
# sandbox: off
echo "OK, fine"
