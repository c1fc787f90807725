#!/bin/sh
# Installs a package of Debian's, as root, and leaves no service of it running or enabled: we only want the programs.
# usage: install-program.sh PACKAGE SERVICE…     POLICY_FILE: another policy-rc.d, for tests
set -eu
package=$1
shift
policy=${POLICY_FILE:-/usr/sbin/policy-rc.d}
if [ ! -e "$policy" ]; then
    # The packages' own way to be told "start nothing"; only while apt works, and never over an existing one.
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q || true # a broken list of somebody else's need not stop us: the next line decides
apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 "$package"
if [ -d /run/systemd/system ]; then
    systemctl disable -q "$@" || true
fi
