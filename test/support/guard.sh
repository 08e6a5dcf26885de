#!/bin/sh
# guard.sh PARENT COMMAND [ARGUMENT …]
# Becomes the command and leaves a watcher behind that kills it when process PARENT is gone, however that ended.

# A zombie is gone, even where nobody collects it.
runs() {
  kill -0 "$1" || return 1
  case $(cat "/proc/$1/stat") in *') Z '*) return 1 ;; esac
}

( ( while sleep 0.5; do
      runs "$1" || { kill -KILL $$; exit; }
      runs $$ || exit
    done ) </dev/null >/dev/null 2>&1 & )
shift
exec "$@"
