#!/bin/bash
# name: No Network
# description: Reaches nothing, not even this machine
# version: 1.0
# schedule: hourly
# network: no
echo "OK, fine"
