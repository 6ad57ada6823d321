#!/bin/sh
# Drive a real Automatic1111 web UI on the CPU through two peers.
#   run_a1111.sh WEBUI_FOLDER WEBUI_PYTHON MUSEP2P_PYTHON [drive.py's options...]
# PORT: 7860. The folder needs models/Stable-diffusion/random.safetensors, see make_checkpoint.py, and its own
# sibling repositories; without a network also openai/clip-vit-large-patch14 with tokenizer and config.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
webui=$(cd "$1" && pwd) python=$2 musep2p=$3 port=${PORT:-7860}
shift 3
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" HF_HUB_OFFLINE=1 GRADIO_ANALYTICS_ENABLED=False
exec "$musep2p" "$here/drive.py" a1111 --url "http://127.0.0.1:$port" --ready /sdapi/v1/sd-models \
    --keys '{"steps": 1}' "$@" -- \
    env -C "$webui" "$python" launch.py --api --skip-prepare-environment --skip-torch-cuda-test --use-cpu all \
    --no-half --precision full --do-not-download-clip --skip-version-check --no-download-sd-model \
    --server-name 127.0.0.1 --port "$port" --ckpt models/Stable-diffusion/random.safetensors
