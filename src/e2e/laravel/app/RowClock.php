<?php

namespace App;

use Illuminate\Database\Events\QueryExecuted;
use Illuminate\Database\Events\TransactionCommitted;
use Illuminate\Database\Events\TransactionRolledBack;
use Illuminate\Support\Facades\Event;

/** Notes when a call's row was written for good: a line of storage/logs/rows.log each, "id epoch-microseconds". */
class RowClock
{
    private array $open = [];

    public function start(): void
    {
        Event::listen(QueryExecuted::class, function (QueryExecuted $query): void {
            if (preg_match('/^update "calls" set "status"/', $query->sql)) {
                $this->open[] = collect($query->bindings)->first(static function ($value): bool {
                    return strncmp((string) $value, 'c-', 2) === 0;
                });
                if ($query->connection->transactionLevel() === 0) {
                    $this->write();
                }
            }
        });
        Event::listen(TransactionCommitted::class, function (): void {
            $this->write();
        });
        Event::listen(TransactionRolledBack::class, function (): void {
            $this->open = [];
        });
    }

    private function write(): void
    {
        $micros = (int) (microtime(true) * 1e6);
        foreach ($this->open as $call) {
            file_put_contents(storage_path('logs/rows.log'), "$call $micros\n", FILE_APPEND | LOCK_EX);
        }
        $this->open = [];
    }
}
