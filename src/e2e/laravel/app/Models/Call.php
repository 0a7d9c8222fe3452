<?php

namespace App\Models;

use Illuminate\Database\Eloquent\Model;

class Call extends Model
{
    public $incrementing = false;

    protected $keyType = 'string';

    protected $guarded = [];

    public function has(User $user): bool
    {
        return in_array($user->id, [(int) $this->caller_id, (int) $this->receiver_id], true);
    }
}
