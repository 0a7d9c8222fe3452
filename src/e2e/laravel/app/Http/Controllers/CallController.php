<?php

namespace App\Http\Controllers;

use App\CallNotifier;
use App\Events\CallNote;
use App\Models\Call;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;
use Illuminate\Support\Str;

class CallController
{
    private CallNotifier $notifier;

    public function __construct(CallNotifier $notifier)
    {
        $this->notifier = $notifier;
    }

    public function store(Request $request): JsonResponse
    {
        $request->validate(['receiver_id' => 'required|integer|exists:users,id']);
        $call = Call::create([
            'id' => 'c-' . Str::uuid(),
            'caller_id' => $request->user()->id,
            'receiver_id' => $request->input('receiver_id'),
            'status' => 'ringing',
        ]);

        return response()->json($call->toArray() + ['relay' => $this->notifier->incoming($call)], 201);
    }

    public function show(Request $request, string $id): JsonResponse
    {
        return response()->json($this->find($request, $id));
    }

    /** The answer says when the relay was told (epoch ms) and what it replied. */
    public function reject(Request $request, string $id): JsonResponse
    {
        $call = $this->find($request, $id);
        $call->update([
            'status' => 'rejected',
            'reason' => $request->input('reason', 'User declined'),
        ]);
        $emittedAt = microtime(true) * 1000;
        $relay = $this->notifier->rejected($call);

        return response()->json($call->toArray() + ['emitted_at' => $emittedAt, 'relay' => $relay]);
    }

    /** A broadcast on the call's public, private or presence channel, not to the sender's socket. */
    public function note(Request $request, string $id): JsonResponse
    {
        $this->find($request, $id);
        $request->validate(['kind' => 'required|in:public,private,presence']);
        broadcast(new CallNote($request->input('kind'), $id, $request->input('text')))->toOthers();

        return response()->json(['ok' => true]);
    }

    private function find(Request $request, string $id): Call
    {
        $call = Call::findOrFail($id);
        abort_unless($call->has($request->user()), 403, 'Not your call.');

        return $call;
    }
}
