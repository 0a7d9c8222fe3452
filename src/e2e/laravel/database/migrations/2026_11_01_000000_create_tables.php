<?php

use Illuminate\Database\Migrations\Migration;
use Illuminate\Database\Schema\Blueprint;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Schema;

return new class extends Migration {
    public function up(): void
    {
        Schema::create('users', static function (Blueprint $table): void {
            $table->id();
            $table->string('name');
            $table->timestamps();
        });
        Schema::create('personal_access_tokens', static function (Blueprint $table): void {
            $table->id();
            $table->foreignId('user_id')->constrained();
            $table->string('token', 64)->unique();
            $table->timestamp('last_used_at')->nullable();
            $table->timestamps();
        });
        Schema::create('calls', static function (Blueprint $table): void {
            $table->string('id')->primary();
            $table->foreignId('caller_id')->constrained('users');
            $table->foreignId('receiver_id')->constrained('users');
            $table->string('status')->default('ringing');
            $table->string('reason')->nullable();
            $table->timestamps();
        });
        Schema::create('relay_events', static function (Blueprint $table): void {
            $table->string('id')->primary();
            $table->json('emit')->nullable();
            $table->timestamp('created_at')->useCurrent();
        });
        // What a call's row went through, whoever wrote it.
        Schema::create('call_changes', static function (Blueprint $table): void {
            $table->id();
            $table->string('call_id')->index();
            $table->string('status');
        });
        DB::statement('create trigger call_changed after update on calls begin
            insert into call_changes (call_id, status) values (new.id, new.status); end');
    }
};
