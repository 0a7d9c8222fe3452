<?php

namespace App\Http\Controllers;

use App\Models\Call;
use Illuminate\Http\Client\PendingRequest;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Http;

class RelayWebhookController
{
    /** Each event takes effect once, however often it comes: its id and its effect are one transaction. */
    public function __invoke(Request $request)
    {
        foreach ($request->json('events') as $event) {
            DB::transaction(function () use ($event) {
                if (DB::table('relay_events')->insertOrIgnore(['id' => $event['id']]) === 1) {
                    $this->handle($event['type'], $event['data']);
                }
            });
        }

        return response()->json([]);
    }

    private function handle(string $type, array $data): void
    {
        match ($type) {
            'call' => Call::whereKey($data['callId'])->whereIn('status', ['ringing', 'accepted'])
                ->update(['status' => $data['status'], 'reason' => $data['reason']]),
            'user_offline' => $this->endCallsOf($data['user'], $data['timestamp']),
            default => null,
        };
    }

    /** A party vanished: her calls are over, unless she is back by now. */
    private function endCallsOf(string $user, int $leftAt): void
    {
        $calls = Call::where('status', 'accepted')
            ->where(fn ($call) => $call->where('caller_id', $user)->orWhere('receiver_id', $user))->get();
        if ($calls->isEmpty() || $this->relay()->get("/api/users/{$user}")->throw()->json('online')) {
            return;
        }
        foreach ($calls as $call) {
            $call->update(['status' => 'ended', 'reason' => 'Connection lost']);
            $this->relay()->delete("/api/calls/{$call->id}");
            $this->relay()->post('/api/emit', [
                'users' => [$call->caller_id, $call->receiver_id],
                'event' => 'call:ended',
                'data' => ['callId' => $call->id, 'reason' => $call->reason, 'timestamp' => $leftAt],
                'hold' => 30,
                'id' => "call-{$call->id}-lost",
            ])->throw();   // a relay that is away rolls all of it back: the webhook comes again
        }
    }

    private function relay(): PendingRequest
    {
        return Http::withToken(config('services.relay.key'))->baseUrl(config('services.relay.url'))
            ->withOptions(['timeout' => 2, 'connect_timeout' => 0.5])->acceptJson();
    }
}
