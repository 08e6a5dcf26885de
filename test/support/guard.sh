#!/bin/sh
# guard.sh PARENT COMMAND [ARGUMENT …]
# Becomes the command and leaves a watcher behind that kills it when process PARENT is gone, however that ended.
( ( while sleep 0.5; do
      kill -0 "$1" || { kill -KILL $$; exit; }
      kill -0 $$ || exit
    done ) </dev/null >/dev/null 2>&1 & )
shift
exec "$@"
