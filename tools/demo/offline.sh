#!/bin/sh
# Run a command in a network namespace of its own: offline.sh UNSHARE... -- COMMAND...
# In front of `--` is how this machine makes one; inside, there is not even a loopback interface that is up.
how=
while [ "$1" != -- ]; do how="$how $1" && shift; done
shift
exec $how "$@"
