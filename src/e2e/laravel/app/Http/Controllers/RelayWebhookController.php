<?php

namespace App\Http\Controllers;

use App\Jobs\EndLostCalls;
use App\Models\Call;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\DB;

class RelayWebhookController
{
    /** Each event takes effect once, however often it comes; what it asks to emit is answered each time. */
    public function __invoke(Request $request)
    {
        $emit = [];
        foreach ($request->json('events') as $event) {
            $emit = array_merge($emit, DB::transaction(fn () => $this->once($event)));
        }

        return response()->json(['emit' => $emit]);
    }

    private function once(array $event): array
    {
        if (DB::table('relay_events')->insertOrIgnore(['id' => $event['id']]) === 0) {
            return json_decode(DB::table('relay_events')->where('id', $event['id'])->value('emit') ?? '[]', true);
        }
        $emit = $this->handle($event['type'], $event['data']);
        DB::table('relay_events')->where('id', $event['id'])->update(['emit' => json_encode($emit)]);

        return $emit;
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
            'id' => "call-{$call->id}-rejected",   // a reply that is lost is answered again: emitted once
        ]];
    }
}
