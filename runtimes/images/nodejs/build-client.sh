#!/bin/sh
# Builds the native part of the runtime interface client, inside a Debian of the image's own suite that has a compiler.
set -eu
cd "$(dirname "$0")"
export PATH="$PWD/node/bin:$PATH"

client=$PWD/node_modules/aws-lambda-ric
sh "$client/scripts/preinstall.sh"
cd "$client/src/native"
DEPS_PREFIX="$client/deps/artifacts" node "$OLDPWD/node/lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js" \
  rebuild --nodedir="$OLDPWD/node"

mkdir "$OLDPWD/out"
cp "$client/index.mjs" "$client"/LICENSE "$client"/NOTICE build/Release/rapid-client.node "$OLDPWD/out/"
