<?php

namespace App\Console;

use App\Models\AccessToken;
use App\Models\User;
use Illuminate\Console\Command;

/** Makes the users of the story and prints their tokens as JSON: {"1": "1|…", "2": "2|…"}. */
class SeedCommand extends Command
{
    protected $signature = 'app:seed {names*}';

    protected $description = 'Make users, and print an access token of each';

    public function handle(): int
    {
        $tokens = [];
        foreach ($this->argument('names') as $name) {
            $user = User::create(['name' => $name]);
            $tokens[$user->id] = AccessToken::issue($user);
        }
        $this->line(json_encode($tokens));

        return self::SUCCESS;
    }
}
