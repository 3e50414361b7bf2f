#!/bin/bash
# name: Loopback
# description: Reaches this machine only
# version: 1.0
# schedule: hourly
# network: loopback
echo "OK, fine"
