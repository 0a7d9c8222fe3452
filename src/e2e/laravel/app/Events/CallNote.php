<?php

namespace App\Events;

use Illuminate\Broadcasting\Channel;
use Illuminate\Broadcasting\InteractsWithSockets;
use Illuminate\Broadcasting\PresenceChannel;
use Illuminate\Broadcasting\PrivateChannel;
use Illuminate\Contracts\Broadcasting\ShouldBroadcastNow;

/** What one party tells all who listen to a call; its name on the wire is the class name. */
class CallNote implements ShouldBroadcastNow
{
    use InteractsWithSockets;

    public string $text;

    private string $kind;

    private string $callId;

    public function __construct(string $kind, string $callId, string $text)
    {
        $this->kind = $kind;
        $this->callId = $callId;
        $this->text = $text;
    }

    /** @return Channel[] */
    public function broadcastOn(): array
    {
        $name = 'call.' . $this->callId;

        return [[
            'public' => new Channel($name),
            'private' => new PrivateChannel($name),
            'presence' => new PresenceChannel($name),
        ][$this->kind]];
    }
}
