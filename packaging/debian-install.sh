#!/bin/sh
# Install Debian packages where that is possible, or say what is missing and go on.
#   debian-install.sh             the packages of debian-packages.txt
#   debian-install.sh NAME...     these packages
set -eu

command -v dpkg-query >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1 || exit 0
[ $# -gt 0 ] || set -- $(grep -v '^#' "$(dirname "$0")/debian-packages.txt")

# A package may have been renamed (libglib2.0-0t64) and provide the old name.
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package} ${Provides}\n' | grep '^installed ')
missing=
for name in "$@"; do
    printf '%s\n' "$installed" | grep -Eq "[ ,]${name}([ ,(]|\$)" || missing="$missing $name"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root=sudo
else
    echo "Missing system packages (needs an administrator):" >&2
    echo "    sudo apt-get install$missing" >&2
    exit 0
fi
echo "Installing system packages:$missing"
$as_root apt-get update -q
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
