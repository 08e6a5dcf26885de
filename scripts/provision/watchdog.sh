# Reads `+pid` and `-pid` lines: the processes of whoever holds the other end of standard input. When that end
# closes, however its holder died, asks what is left to end (SIGINT: PostgreSQL's fast shutdown), and after ten seconds insists.
# A shell and not Node: it costs nothing and survives whoever kills "all the node processes".
trap '' INT TERM HUP

# A zombie has ended, even where nobody collects it (a container whose first process does not).
runs() {
  kill -0 "$1" 2>/dev/null || return 1
  [ -r "/proc/$1/stat" ] || return 0
  read -r stat <"/proc/$1/stat" || return 1
  case $stat in *') Z '*) return 1 ;; esac
} 2>/dev/null

pids=' '
while read -r line; do
  pid=${line#?}
  case $line in
    +*) pids="$pids$pid " ;;
    -*) case $pids in *" $pid "*) pids="${pids%% "$pid" *} ${pids#* "$pid" }" ;; esac ;;
  esac
done
for pid in $pids; do kill -INT "$pid" 2>/dev/null; done
tries=100
while [ $tries -gt 0 ]; do
  alive=
  for pid in $pids; do runs "$pid" && alive=yes; done
  [ -z "$alive" ] && exit 0
  sleep 0.1
  tries=$((tries - 1))
done
for pid in $pids; do kill -KILL "$pid" 2>/dev/null; done
