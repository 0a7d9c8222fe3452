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
            'user_offline' => EndLostCalls::dispatch($data['user'], $data['timestamp'])->delay(15),
            default => null,
        };
    }
}
