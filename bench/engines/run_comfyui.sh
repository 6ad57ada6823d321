#!/bin/sh
# Drive a real ComfyUI on the CPU through two peers.
#   run_comfyui.sh COMFYUI_FOLDER COMFYUI_PYTHON MUSEP2P_PYTHON [drive.py's options...]
# WORKFLOW: another workflow than workflow_api.json. PORT: 8188.
# The folder needs models/checkpoints/random.safetensors, see make_checkpoint.py.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
comfyui=$(cd "$1" && pwd) python=$2 musep2p=$3 port=${PORT:-8188}
shift 3
exec "$musep2p" "$here/drive.py" comfyui --url "http://127.0.0.1:$port" --ready /system_stats \
    --workflow "${WORKFLOW:-$here/workflow_api.json}" --keys '{"steps": 1}' "$@" -- \
    "$python" "$comfyui/main.py" --cpu --listen 127.0.0.1 --port "$port"
