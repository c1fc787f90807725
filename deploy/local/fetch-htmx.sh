#!/bin/sh
# Puts htmx's own npm package's file, and its licence, into the console: run by whoever raises the version here.
# The file is kept with the console, since whoever installs the gateway has no npm; a test holds it to this sum.
set -eu
package=htmx.org@2.0.11
sum=d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717
into=$(dirname "$0")/../../gateway/console/static
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "$package" && tar -xzf ./*.tgz)
echo "$sum  $work/package/dist/htmx.min.js" | sha256sum --check --quiet
cp "$work/package/dist/htmx.min.js" "$into/htmx.min.js"
cp "$work/package/LICENSE" "$into/htmx.LICENSE"
