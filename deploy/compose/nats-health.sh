# Whether NATS does its work, as the health check of its container asks: sh nats-health.sh PORT STORE PROCESS
#
# After it could not write once, as on a full disk, it refuses everything until it is started anew, though there is room
# again. So once there is (64 MiB in STORE), it is asked to end; Docker starts it.
said=$(printf 'GET /healthz HTTP/1.0\r\n\r\n' | nc -w 2 127.0.0.1 "$1")
case $said in
  *' 200 OK'*) exit 0 ;;
  *'write error'*) [ "$(df -Pk "$2" | awk 'NR == 2 { print $4 }')" -lt 65536 ] || kill "$3" ;;
esac
exit 1
