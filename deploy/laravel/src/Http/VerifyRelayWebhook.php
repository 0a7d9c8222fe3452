<?php

namespace LaravelRelay\Http;

use Closure;
use Illuminate\Http\Request;
use LogicException;
use Symfony\Component\HttpKernel\Exception\HttpException;

/**
 * Lets only the relay's own webhooks through: signed with one of the secrets in `relay.webhook`, and no
 * older than its tolerance. Everything else is answered 401. The relay delivers at least once; whoever
 * handles an event tells repeats by its id.
 */
class VerifyRelayWebhook
{
    public function handle(Request $request, Closure $next)
    {
        $timestamp = (string) $request->headers->get('X-Relay-Timestamp');
        $signed = ctype_digit($timestamp) && $this->isSigned($timestamp, $request);
        if (!$signed || abs(time() - (int) $timestamp) > (int) config('relay.webhook.tolerance')) {
            throw new HttpException(401, 'The signature of the webhook is missing, wrong or too old.');
        }

        return $next($request);
    }

    /** Tries every secret, each in constant time. */
    private function isSigned(string $timestamp, Request $request): bool
    {
        $secrets = (array) config('relay.webhook.secrets');
        if ($secrets === []) {
            throw new LogicException('RELAY_WEBHOOK_SECRETS is not set: no webhook can be verified.');
        }
        $given = (string) $request->headers->get('X-Relay-Signature');
        $body = $request->getContent();
        $signed = false;
        foreach ($secrets as $secret) {
            $expected = 'v1=' . hash_hmac('sha256', $timestamp . '.' . $body, $secret);
            $signed = hash_equals($expected, $given) || $signed;
        }

        return $signed;
    }
}
