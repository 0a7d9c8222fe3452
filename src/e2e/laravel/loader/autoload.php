<?php

/*
 * Finds Debian's PHP libraries, the relay's package (deploy/laravel) and this app's classes by their names
 * (PSR-4), without Composer.
 * The functions that those libraries expect to be loaded are listed at the end.
 */

const PHP_LIBRARIES = '/usr/share/php';

spl_autoload_register(static function (string $class): void {
    $path = str_replace('\\', '/', $class) . '.php';
    $places = [];
    if (strncmp($path, 'App/', 4) === 0) {
        $places[] = dirname(__DIR__) . '/app/' . substr($path, 4);
    }
    if (strncmp($path, 'LaravelRelay/', 13) === 0) {
        $places[] = dirname(__DIR__) . '/packages/laravel-relay/src/' . substr($path, 13);
    }
    $places[] = PHP_LIBRARIES . '/' . $path;
    if (strncmp($path, 'Illuminate/Support/', 19) === 0) {
        // Laravel split these two out of Support, and left them in its namespace.
        $places[] = PHP_LIBRARIES . '/Illuminate/Collections/' . substr($path, 19);
        $places[] = PHP_LIBRARIES . '/Illuminate/Macroable/' . substr($path, 19);
    }
    foreach ($places as $place) {
        if (is_file($place)) {
            require $place;
            return;
        }
    }
});

foreach ([
    'Symfony/Contracts/Deprecation/function.php',
    'Symfony/Component/String/Resources/functions.php',
    'Symfony/Component/Translation/Resources/functions.php',
    'Symfony/Component/VarDumper/Resources/functions/dump.php',
    'GuzzleHttp/functions_include.php',
    'GuzzleHttp/Promise/functions_include.php',
    'Illuminate/Collections/helpers.php',
    'Illuminate/Events/functions.php',
    'Illuminate/Foundation/helpers.php',
    'Illuminate/Support/helpers.php',
] as $functions) {
    if (is_file(PHP_LIBRARIES . '/' . $functions)) {
        require_once PHP_LIBRARIES . '/' . $functions;
    }
}
