#!/bin/sh
# Installs Debian's Node.js and npm, as root.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update -q || true # a broken list of somebody else's need not stop us: the next line decides
apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 nodejs npm
