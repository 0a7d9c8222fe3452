<?php

use App\Http\Controllers\CallController;
use App\Http\Controllers\RelayWebhookController;
use App\Http\Controllers\UserController;
use Illuminate\Support\Facades\Route;

Route::post('relay/webhook', RelayWebhookController::class)->middleware('relay.webhook');

Route::middleware('auth:api')->group(static function (): void {
    Route::get('user', [UserController::class, 'show']);
    Route::get('socket-token', [UserController::class, 'socketToken']);
    Route::post('calls', [CallController::class, 'store']);
    Route::get('calls/{id}', [CallController::class, 'show']);
    Route::post('calls/{id}/reject', [CallController::class, 'reject']);
    Route::post('calls/{id}/notes', [CallController::class, 'note']);
});
