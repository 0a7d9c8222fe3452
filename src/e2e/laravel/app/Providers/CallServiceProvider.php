<?php

namespace App\Providers;

use App\Models\AccessToken;
use App\Models\Call;
use App\Models\User;
use App\RowClock;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Auth;
use Illuminate\Support\Facades\Broadcast;
use Illuminate\Support\ServiceProvider;

class CallServiceProvider extends ServiceProvider
{
    public function boot(): void
    {
        (new RowClock())->start();
        Auth::viaRequest('access-token', static function (Request $request): ?User {
            return AccessToken::userOf($request->bearerToken());
        });
        Broadcast::routes(['middleware' => ['auth:api']]);
        Broadcast::channel('user.{id}', static function (User $user, string $id): bool {
            return $user->id === (int) $id;
        });
        Broadcast::channel('call.{id}', static function (User $user, string $id) {
            $call = Call::find($id);

            return $call !== null && $call->has($user) ? ['id' => $user->id, 'name' => $user->name] : false;
        });
    }
}
