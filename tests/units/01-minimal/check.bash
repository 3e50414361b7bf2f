#!/bin/bash
# name: Minimal
# description: Only what every check needs
# version: 1.0
# schedule: *:0/15
echo "OK, fine"
