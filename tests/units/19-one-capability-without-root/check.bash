#!/bin/bash
# name: One capability without root
# description: Reads every file as the user of all checks
# version: 1.0
# schedule: hourly
# capabilities: CAP_DAC_READ_SEARCH
echo "OK, fine"
