#!/bin/sh
# Drive a real Stable Diffusion WebUI Forge on the CPU through two peers.
#   run_forge.sh WEBUI_FOLDER WEBUI_PYTHON MUSEP2P_PYTHON [drive.py's options...]
# PORT: 7870. The folder needs models/Stable-diffusion/random.safetensors, see make_checkpoint.py, and its own
# sibling repositories.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
webui=$(cd "$1" && pwd) python=$2 musep2p=$3 port=${PORT:-7870}
shift 3
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" HF_HUB_OFFLINE=1 GRADIO_ANALYTICS_ENABLED=False
exec "$musep2p" "$here/drive.py" a1111 --url "http://127.0.0.1:$port" --ready /sdapi/v1/sd-models \
    --keys '{"steps": 1}' "$@" -- \
    env -C "$webui" "$python" launch.py --api --skip-prepare-environment --skip-torch-cuda-test --always-cpu \
    --all-in-fp32 --no-download-sd-model --skip-version-check --server-name 127.0.0.1 --port "$port"
