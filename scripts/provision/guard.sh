#!/bin/sh
# guard.sh PARENT SIGNAL COMMAND [ARGUMENT …]
# Becomes the command and leaves a watcher behind: when process PARENT is gone, however it ended, the watcher sends the
# command SIGNAL. The watcher is an orphan on purpose: PostgreSQL does not like children that it did not start.
( ( while sleep 0.5; do
      kill -0 "$1" || { kill -s "$2" $$; exit; }
      kill -0 $$ || exit
    done ) </dev/null >/dev/null 2>&1 & )
shift 2
exec "$@"
