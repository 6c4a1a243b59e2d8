#!/bin/busybox sh
# /init of a test: show what came from the command line of the kernel.
printf 'arguments'
printf ' <%s>' "$@"
echo " known_not=$known_not"
/bin/busybox poweroff -f
