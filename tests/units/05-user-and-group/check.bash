#!/bin/bash
# name: User and Group
# description: Runs as an account of its own
# version: 1.0
# schedule: hourly
# user: www-data
# group: adm
echo "OK, fine"
