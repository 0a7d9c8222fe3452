<?php

namespace LaravelRelay;

use Illuminate\Routing\Router;
use Illuminate\Support\ServiceProvider;
use LaravelRelay\Http\VerifyRelayWebhook;

/** Brings the settings in config/relay.php and the middleware `relay.webhook`. */
class RelayServiceProvider extends ServiceProvider
{
    private const CONFIG = __DIR__ . '/../config/relay.php';

    public function register(): void
    {
        $this->mergeConfigFrom(self::CONFIG, 'relay');
    }

    public function boot(Router $router): void
    {
        $router->aliasMiddleware('relay.webhook', VerifyRelayWebhook::class);
        if ($this->app->runningInConsole()) {
            $this->publishes([self::CONFIG => $this->app->configPath('relay.php')], 'relay-config');
        }
    }
}
