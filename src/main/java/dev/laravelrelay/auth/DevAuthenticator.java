package dev.laravelrelay.auth;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Believes everyone: the token is the user id. For development only; answers at once. */
public final class DevAuthenticator implements Authenticator {

  @Override
  public CompletionStage<Identity> authenticate(String token) {
    if (token.isEmpty()) {
      return CompletableFuture.completedStage(Identity.Refused.MISSING);
    }
    return CompletableFuture.completedStage(
        UserId.of(token)
            .<Identity>map(user -> new Identity.Known(user, Long.MAX_VALUE))
            .orElse(Identity.Refused.INVALID));
  }
}
