#!/bin/sh
# Unpacks Debian 13's rabbitmq-server (RabbitMQ 4.0) and all it needs into FOLDER, from the mirror this Debian uses.
# Nothing is installed and root is not needed: apt works on lists of its own, and no package's script runs.
# usage: fetch-rabbitmq4.sh FOLDER
set -eu
folder=$1
work=$folder.new

. /etc/os-release
mirror=$(apt-get indextargets --format '$(REPO_URI)' \
    "Release: ${VERSION_CODENAME:-}" 'Component: main' 'Created-By: Packages' | head -n 1)
if [ "${ID:-}" != debian ] || [ -z "$mirror" ]; then
    echo "apt's sources name no mirror of Debian" >&2
    exit 1
fi

rm -rf "$work"
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/root"
: >"$work/status"
echo "deb $mirror trixie main" >"$work/sources.list"
cat >"$work/apt.conf" <<END
Dir::State "$work";
Dir::State::status "$work/status";
Dir::Cache "$work";
Dir::Etc::sourcelist "$work/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
END
export APT_CONFIG="$work/apt.conf"
apt-get update -q
apt-get install -q -y --no-install-recommends --download-only rabbitmq-server '?essential'
for package in "$work"/archives/*.deb; do
    dpkg-deb --extract "$package" "$work/root"
done
mv "$work/root" "$folder"
rm -rf "$work"
