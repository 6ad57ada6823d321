#!/bin/sh
# Drive a real SD.Next on the CPU through two peers.
#   run_sdnext.sh SDNEXT_FOLDER SDNEXT_PYTHON DATA_FOLDER MUSEP2P_PYTHON [drive.py's options...]
# PORT: 7880. DATA_FOLDER needs models/Stable-diffusion/random.safetensors, see make_checkpoint.py; without a network
# also models/Diffusers/models--stable-diffusion-v1-5--stable-diffusion-v1-5, its configs and tokenizer.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
webui=$(cd "$1" && pwd) python=$2 data=$(cd "$3" && pwd) musep2p=$4 port=${PORT:-7880}
shift 4
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" HF_HUB_OFFLINE=1 SD_NODOWNLOAD=1
exec "$musep2p" "$here/drive.py" a1111 --url "http://127.0.0.1:$port" --ready /sdapi/v1/sd-models \
    --keys '{"steps": 1}' "$@" -- \
    env -C "$webui" "$python" launch.py --skip-all --skip-git --skip-env --safe --use-cpu all --data-dir "$data" \
    --models-dir "$data/models" --port "$port" --ckpt "$data/models/Stable-diffusion/random.safetensors"
