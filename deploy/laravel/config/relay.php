<?php

return [
    'webhook' => [
        // The relay's own RELAY_WEBHOOK_SECRETS, with commas. While one is rotated: the old and the new.
        'secrets' => array_values(array_filter(
            array_map('trim', explode(',', (string) env('RELAY_WEBHOOK_SECRETS', '')))
        )),
        // Seconds by which the clocks of the relay and of Laravel may differ, and a webhook may be old.
        'tolerance' => 300,
    ],
];
