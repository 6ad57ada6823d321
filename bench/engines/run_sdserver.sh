#!/bin/sh
# Drive a real sd-server (stable-diffusion.cpp) on the CPU through two peers, by one of the adapters that speak to it.
#   run_sdserver.sh SD_SERVER CHECKPOINT MUSEP2P_PYTHON sdcpp|a1111|openai-images [drive.py's options...]
# PORT: 1234.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
server=$1 checkpoint=$2 musep2p=$3 adapter=$4 port=${PORT:-1234}
shift 4
keys='{"steps": 1}'
[ "$adapter" != openai-images ] || keys='{}'
exec "$musep2p" "$here/drive.py" "$adapter" --url "http://127.0.0.1:$port" --ready /sdcpp/v1/capabilities \
    --keys "$keys" "$@" -- \
    "$server" --model "$checkpoint" --listen-ip 127.0.0.1 --listen-port "$port" --steps 1
