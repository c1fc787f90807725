#!/bin/sh
# Installs Debian's Chromium, as root, to walk through the console; and a font, so that Chinese is no row of boxes.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update -q || true # a broken list of somebody else's need not stop us: the next line decides
apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 chromium fonts-wqy-microhei
