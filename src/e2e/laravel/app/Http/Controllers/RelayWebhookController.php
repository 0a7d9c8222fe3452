<?php

namespace App\Http\Controllers;

use App\Jobs\EndLostCalls;
use App\Models\Call;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\DB;

class RelayWebhookController
{
    /** Each event takes effect once, however often it comes: its id and its effect are one transaction. */
    public function __invoke(Request $request)
    {
        $emit = [];
        foreach ($request->json('events') as $event) {
            $emit = array_merge($emit, DB::transaction(fn () =>
                DB::table('relay_events')->insertOrIgnore(['id' => $event['id']]) === 1
                    ? $this->handle($event['type'], $event['data'])
                    : []));
        }

        return response()->json(['emit' => $emit]);
    }

    /** Answers what the relay is to emit. */
    private function handle(string $type, array $data): array
    {
        if ($type === 'call') {
            Call::whereKey($data['callId'])->whereIn('status', ['ringing', 'accepted'])
                ->update(['status' => $data['status'], 'reason' => $data['reason']]);
        } elseif ($type === 'user_offline') {
            EndLostCalls::dispatch($data['user'], $data['timestamp'])->delay(15);
        } elseif ($type === 'client_event' && $data['event'] === 'call:reject') {
            return $this->rejectUnknown($data['data']['callId'] ?? null, $data['user']);
        }

        return [];
    }

    /** The relay does not know the call any more, but Laravel does. */
    private function rejectUnknown($callId, string $receiver): array
    {
        $call = is_scalar($callId)
            ? Call::where('status', 'ringing')->where('receiver_id', $receiver)->find($callId)
            : null;
        $call?->update(['status' => 'rejected', 'reason' => 'User declined']);

        return $call === null ? [] : [[
            'user' => $call->caller_id,
            'event' => 'call:rejected',
            'data' => ['callId' => $call->id, 'reason' => $call->reason, 'timestamp' => now()->getTimestampMs()],
            'hold' => 30,
        ]];
    }
}
