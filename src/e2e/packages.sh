# Sourced by run.sh and .ci/run: installs Debian packages, and starts none of their services.

# install_packages NAME...: through apt, as root or with sudo.
install_packages() {
  if ! command -v apt-get >/dev/null; then
    echo "Missing here: $*. This machine has no apt-get: please install them by hand." >&2
    return 1
  fi
  local root=()
  if [[ $(id -u) != 0 ]]; then
    root=(sudo)
  fi
  echo "Installing $*" >&2
  # RUNLEVEL=1 keeps services down under sysvinit, policy-rc.d under systemd.
  local policy=/usr/sbin/policy-rc.d made=false status=0
  if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null
    "${root[@]}" chmod +x "$policy"
    made=true
  fi
  "${root[@]}" apt-get -qq update || status=$?
  "${root[@]}" env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get -qq \
    -o DPkg::Lock::Timeout=120 install --no-install-recommends -y "$@" >/dev/null || status=$?
  if $made; then
    "${root[@]}" rm -f "$policy"
  fi
  return "$status"
}
