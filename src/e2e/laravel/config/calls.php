<?php

return [
    // How the app tells the relay: http, broadcast or none.
    'notify' => env('CALL_NOTIFY', 'http'),
    // Signs the tokens that the relay checks by itself (RELAY_AUTH=jwt).
    'jwt_secret' => env('JWT_SECRET'),
];
