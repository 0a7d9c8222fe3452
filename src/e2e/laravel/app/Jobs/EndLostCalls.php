<?php

namespace App\Jobs;

use App\Models\Call;
use Illuminate\Bus\Queueable;
use Illuminate\Contracts\Queue\ShouldQueue;
use Illuminate\Foundation\Bus\Dispatchable;
use Illuminate\Support\Facades\Http;

/** A party of a call vanished: the call is over, unless the relay says that she is back by now. */
class EndLostCalls implements ShouldQueue
{
    use Dispatchable, Queueable;

    public $tries = 10;

    public $backoff = 5;

    public function __construct(private string $user, private int $leftAt)
    {
    }

    public function handle(): void
    {
        $relay = Http::withToken(config('services.relay.key'))->baseUrl(config('services.relay.url'))
            ->withOptions(['timeout' => 2, 'connect_timeout' => 0.5])->acceptJson();
        $calls = Call::where('status', 'accepted')->where(fn ($call) => $call
            ->where('caller_id', $this->user)->orWhere('receiver_id', $this->user))->get();
        if ($calls->isEmpty() || $relay->get("/api/users/{$this->user}")->throw()->json('online')) {
            return;
        }
        foreach ($calls as $call) {
            $relay->post('/api/emit', [
                'users' => [$call->caller_id, $call->receiver_id],
                'event' => 'call:ended',
                'data' => ['callId' => $call->id, 'reason' => 'Connection lost', 'timestamp' => $this->leftAt],
                'hold' => 30,
                'id' => "call-{$call->id}-lost",   // a job that is tried again emits it once
            ])->throw();
            $call->update(['status' => 'ended', 'reason' => 'Connection lost']);
            $relay->delete("/api/calls/{$call->id}");
        }
    }
}
