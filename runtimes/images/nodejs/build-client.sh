#!/bin/sh
# Builds the native part of the runtime interface client, inside a Debian of the image's own suite that has a compiler.
set -eu
cd "$(dirname "$0")"
stage=$PWD
export PATH="$stage/node/bin:$PATH" MAKEFLAGS="-j$(nproc)"

cd node_modules/aws-lambda-ric
sh scripts/preinstall.sh
export DEPS_PREFIX="$PWD/deps/artifacts"
if [ -d src/native ]; then # version 4
  native=src/native script=index.mjs
else # version 3, a library: something has to run the handler
  native=. script=dist/index.mjs
  echo 'await run(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);' >>"$script"
fi
node "$stage/node/lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js" \
  rebuild --directory="$native" --nodedir="$stage/node"

mkdir "$stage/out"
cp "$script" LICENSE NOTICE "$native/build/Release/rapid-client.node" "$stage/out/"
