package dev.laravelrelay.auth;

import com.nimbusds.jose.JWSObject;
import java.util.concurrent.CompletionStage;

/**
 * The keys that sign tokens. The algorithms that are accepted follow from the keys, never from the
 * token. Safe from any thread; never blocks; never throws.
 */
interface TokenKeys {

  /** What a signature is worth. */
  enum Check {
    /** One of the keys made it. */
    GOOD,
    /** None of the keys made it. */
    BAD,
    /** The keys cannot be had now. */
    UNKNOWN
  }

  /** Checks the token's algorithm and signature. */
  CompletionStage<Check> check(JWSObject token);
}
