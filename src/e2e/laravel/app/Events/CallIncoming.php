<?php

namespace App\Events;

use App\Models\Call;
use Illuminate\Broadcasting\PrivateChannel;
use Illuminate\Contracts\Broadcasting\ShouldBroadcastNow;

class CallIncoming implements ShouldBroadcastNow
{
    private Call $call;

    public function __construct(Call $call)
    {
        $this->call = $call;
    }

    public function broadcastOn(): PrivateChannel
    {
        return new PrivateChannel('user.' . $this->call->receiver_id);
    }

    public function broadcastAs(): string
    {
        return 'call:incoming';
    }

    public function broadcastWith(): array
    {
        return ['callId' => $this->call->id, 'from' => $this->call->caller_id];
    }
}
