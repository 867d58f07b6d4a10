#!/bin/bash
# What a quarter of an hour on a GPU machine is for, in this order; README.md beside this says how to bring it there.
#     bench/gpu/run.sh [check] [notebooks] [step] [iwslt]      from the folder with bench/ and notebooks/; all four, if none is named
# Results go to $OUT (out): at most six files. Each part ends by a clock of its own, and what fails keeps no other from running.
set -uo pipefail
run=${RUN:-./run}                                  # runs a notebook
bench=${BENCH:-bench/IntraDistill.Bench}
device=${DEVICE:-cuda} data=${DATA:-data} out=$(realpath -m "${OUT:-out}")
jobs=${JOBS:-5}                                    # notebooks at once: they share the card well
check_s=${CHECK_S:-90} notebook_s=${NOTEBOOK_S:-150} step_s=${STEP_S:-240} size=${SIZE:-both} precision=${PRECISION:-all} iwslt_s=${IWSLT_S:-270}
score_s=120                                        # beyond iwslt_s, to translate the test set
mkdir -p "$out"
export run device notebook_s out
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; export work

# libtorch is the installed PyTorch's, unless the bench came with one.
if [ ! -e "$(dirname "$bench")/libtorch.so" ] && [ -z "${INTRADISTILL_LIBTORCH:-}" ]; then
    INTRADISTILL_LIBTORCH=$(python3 -c 'import os, torch; print(os.path.join(os.path.dirname(torch.__file__), "lib"))') || exit 1
    export INTRADISTILL_LIBTORCH
fi

check() { timeout "$check_s" "$bench" check --device "$device" |& tee "$out/check.txt"; }

notebook() {
    name=$(basename "$1" .ipynb) start=$SECONDS given="-p preset=Smoke"
    grep -q 'string device =' "$1" && given+=" -p device=$device"
    if timeout "$notebook_s" $run "$1" $given --quiet --output "$work/$name.ipynb" >"$work/$name.txt" 2>&1; then verdict=PASS; else verdict=FAIL; fi
    echo "$verdict  $name, Smoke on $device, $((SECONDS - start)) s"
    [ $verdict = PASS ] || { tail -5 "$work/$name.txt"; return 1; }
}
export -f notebook

notebooks() {
    printf '%s\n' notebooks/0[0-4]*.ipynb | xargs -P "$jobs" -I{} bash -c 'notebook {}' |& tee "$out/notebooks.txt"
    local status=$?
    tar -C "$work" -czf "$out/notebooks.tar.gz" . || status=1
    return $status
}

step() { timeout "$step_s" "$bench" step --device "$device" --size "$size" --precision "$precision" |& tee "$out/step.txt"; }

iwslt() {
    local status=0 arms=() arm
    # A line is written whole, so that three processes may share a pipe.
    { for arm in baseline control intra-distillation; do
        timeout $((iwslt_s + score_s)) "$bench" iwslt $arm --data "$data" --device "$device" --seconds "$iwslt_s" \
            --updates "${UPDATES:-20000}" --pairs "${PAIRS:-0}" --output "$work/iwslt" & arms+=($!)
      done
      for arm in "${arms[@]}"; do wait "$arm" || status=1; done
      exit $status
    } |& tee "$out/iwslt.txt"
    status=$?
    rm -f "$work"/iwslt/*.weights
    tar -C "$work" -czf "$out/iwslt.tar.gz" iwslt || status=1
    return $status
}

parts=("$@"); [ $# -gt 0 ] || parts=(check notebooks step iwslt)
for part in "${parts[@]}"; do
    case $part in check | notebooks | step | iwslt) ;; *) echo "'$part': check, notebooks, step or iwslt was expected" >&2; exit 2 ;; esac
done
nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader 2>/dev/null
failed=()
for part in "${parts[@]}"; do
    echo "== $part"; start=$SECONDS
    $part || failed+=("$part")
    echo "== $part: $((SECONDS - start)) s"
done
[ ${#failed[@]} = 0 ] || { echo "failed: ${failed[*]}"; exit 1; }
