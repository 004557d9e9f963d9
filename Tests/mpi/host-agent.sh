#!/bin/sh
# In place of ssh: host-agent.sh [OPTION...] ADDRESS COMMAND... runs it in the network namespace whose name ends with the
# address's last number (hosts.py), as a machine with a name and shared memory of its own.
while case $1 in -*) true ;; *) false ;; esac; do shift; done
number=${1##*.}
shift
exec ip netns exec "nn-mpi-$number" unshare --uts --ipc sh -c "hostname node$number && exec $*"
