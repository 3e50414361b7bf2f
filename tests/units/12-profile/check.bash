#!/bin/bash
# name: In a Profile
# description: Its profile decides when it runs, so it has no timer
# version: 1.0
# profile: nightly
echo "OK, fine"
