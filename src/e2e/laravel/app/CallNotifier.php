<?php

namespace App;

use App\Events\CallIncoming;
use App\Events\CallRejected;
use App\Models\Call;
use Illuminate\Support\Facades\Http;

/** Tells the relay what became of a call. A relay that is away costs the user nothing. */
class CallNotifier
{
    /** @return array|null the relay's answer, where the way there has one */
    public function incoming(Call $call): ?array
    {
        $data = ['callId' => $call->id, 'from' => (int) $call->caller_id];

        $parties = ['caller' => (int) $call->caller_id, 'receiver' => (int) $call->receiver_id, 'ttl' => 600];

        return $this->tell((int) $call->receiver_id, 'call:incoming', $data, new CallIncoming($call), [
            'call' => $parties,
        ]);
    }

    /** @return array|null the relay's answer, where the way there has one */
    public function rejected(Call $call): ?array
    {
        $event = new CallRejected($call, (int) (microtime(true) * 1000));

        return $this->tell((int) $call->caller_id, 'call:rejected', $event->broadcastWith(), $event);
    }

    private function tell(int $user, string $event, array $data, object $broadcast, array $more = []): ?array
    {
        return rescue(static function () use ($user, $event, $data, $broadcast, $more): ?array {
            switch (config('calls.notify')) {
                case 'http':
                    return Http::withToken(config('services.relay.key'))
                        ->timeout(2)
                        ->acceptJson()
                        ->post(config('services.relay.url') . '/api/emit', [
                            'user' => $user,
                            'event' => $event,
                            'data' => $data,
                            'hold' => 30,
                        ] + $more)
                        ->json();
                case 'broadcast':
                    broadcast($broadcast);

                    return null;
                default:
                    return null;
            }
        });
    }
}
