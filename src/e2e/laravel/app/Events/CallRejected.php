<?php

namespace App\Events;

use App\Models\Call;
use Illuminate\Broadcasting\InteractsWithSockets;
use Illuminate\Broadcasting\PrivateChannel;
use Illuminate\Contracts\Broadcasting\ShouldBroadcastNow;

class CallRejected implements ShouldBroadcastNow
{
    use InteractsWithSockets;

    private Call $call;

    private int $timestamp;

    public function __construct(Call $call, int $timestamp)
    {
        $this->call = $call;
        $this->timestamp = $timestamp;
    }

    public function broadcastOn(): PrivateChannel
    {
        return new PrivateChannel('user.' . $this->call->caller_id);
    }

    public function broadcastAs(): string
    {
        return 'call:rejected';
    }

    public function broadcastWith(): array
    {
        return [
            'callId' => $this->call->id,
            'reason' => $this->call->reason,
            'timestamp' => $this->timestamp,
        ];
    }
}
