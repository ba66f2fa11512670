#!/usr/bin/env bash
# Packs dist/Scumble.app into a disk image with a link to Applications. Untested: needs macOS.
#   build/macos/make_dmg.sh DIST VERSION
set -euo pipefail
dist=$1 version=$2
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
cp -R "$dist/Scumble.app" "$stage/"
ln -s /Applications "$stage/Applications"
codesign --force --deep --sign - "$stage/Scumble.app"
hdiutil create -volname "Scumble $version" -srcfolder "$stage" -ov -format UDZO "$dist/scumble-$version.dmg"
