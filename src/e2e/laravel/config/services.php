<?php

return ['relay' => ['url' => env('RELAY_URL'), 'key' => env('RELAY_KEY')]];
