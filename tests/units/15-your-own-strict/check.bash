#!/bin/bash
# name: Your Own, Strict
# description: The same check for the system and for one user
# version: 1.0
# schedule: hourly
# sandbox: strict
echo "OK, fine"
