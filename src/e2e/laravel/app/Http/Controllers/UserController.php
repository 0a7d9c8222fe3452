<?php

namespace App\Http\Controllers;

use App\Models\User;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;

class UserController
{
    /** Whose token it is: what the relay asks with RELAY_AUTH=laravel. */
    public function show(Request $request): User
    {
        return $request->user();
    }

    /** A token that the relay checks by itself: HS256, with the claims that jwt-auth writes. */
    public function socketToken(Request $request): JsonResponse
    {
        $now = time();
        $claims = [
            'iss' => url('/api/login'),
            'iat' => $now,
            'exp' => $now + $request->input('seconds', 3600),
            'nbf' => $now,
            'jti' => bin2hex(random_bytes(8)),
            'sub' => (string) $request->user()->id,
            'prv' => sha1(User::class),
        ];
        $signed = self::encode(json_encode(['typ' => 'JWT', 'alg' => 'HS256']))
            . '.' . self::encode(json_encode($claims));
        $signature = hash_hmac('sha256', $signed, config('calls.jwt_secret'), true);

        return response()->json(['token' => $signed . '.' . self::encode($signature)]);
    }

    private static function encode(string $bytes): string
    {
        return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    }
}
