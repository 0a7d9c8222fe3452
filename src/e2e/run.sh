#!/usr/bin/env bash
# The end-to-end tests: the packaged relay with stock clients, a real Laravel, a real Redis
# and real balancers.
# Installs from Debian what is missing. Arguments go to Maven: -Dtest=MainRoadE2E runs one class.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source src/e2e/packages.sh

has_laravel() {
  command -v php >/dev/null &&
    [[ -e /usr/share/php/Illuminate/autoload.php && -e /usr/share/php/GuzzleHttp/autoload.php ]] &&
    php -r 'foreach (["curl", "dom", "mbstring", "pdo_sqlite", "redis"] as $extension) {
      extension_loaded($extension) || exit(1);
    }'
}

missing=()
has_laravel || missing+=(php-cli php-curl php-sqlite3 php-xml php-mbstring php-redis
  php-laravel-framework php-guzzlehttp-guzzle)
command -v redis-server >/dev/null || missing+=(redis-server)
[[ -x /usr/sbin/nginx ]] || missing+=(nginx-light)
[[ -x /usr/sbin/haproxy ]] || missing+=(haproxy)
command -v openssl >/dev/null || missing+=(openssl)
compgen -G '/usr/lib/*/faketime/libfaketime.so.1' >/dev/null || missing+=(libfaketime)
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
if ((${#missing[@]})); then
  install_packages "${missing[@]}"
fi

mkdir -p target/e2e/js
rm -f target/e2e/timings.txt
if [[ ! -d target/e2e/js/node_modules/socket.io-client ]]; then
  npm install --prefix target/e2e/js --no-audit --no-fund --loglevel=error \
    socket.io-client@4.8.4 >/dev/null
fi

status=0
mvn -B -ntp -Pe2e verify "$@" || status=$?
if [[ -e target/e2e/timings.txt ]]; then
  printf '\nTimings:\n'
  cat target/e2e/timings.txt
fi
exit "$status"
