<?php

namespace App\Models;

use Illuminate\Database\Eloquent\Model;
use Illuminate\Database\Eloquent\Relations\BelongsTo;
use Illuminate\Support\Str;

/** An opaque token of Sanctum's form, "{row}|{secret}"; the row keeps only the secret's hash. */
class AccessToken extends Model
{
    protected $table = 'personal_access_tokens';

    protected $guarded = [];

    protected $dates = ['last_used_at'];

    public static function issue(User $user): string
    {
        $secret = Str::random(40);
        $token = self::create(['user_id' => $user->id, 'token' => hash('sha256', $secret)]);

        return $token->id . '|' . $secret;
    }

    public static function userOf(?string $bearer): ?User
    {
        [$id, $secret] = explode('|', (string) $bearer, 2) + [1 => ''];
        $token = self::find($id);
        if ($token === null || !hash_equals($token->token, hash('sha256', $secret))) {
            return null;
        }
        $token->forceFill(['last_used_at' => now()])->save();

        return $token->user;
    }

    public function user(): BelongsTo
    {
        return $this->belongsTo(User::class);
    }
}
