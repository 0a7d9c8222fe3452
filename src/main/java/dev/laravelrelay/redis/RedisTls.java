package dev.laravelrelay.redis;

import dev.laravelrelay.config.RedisConfig.Tls;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocketFactory;

/**
 * Whom the relay trusts to be its Redis, and how it proves itself: from PEMs. The certificate must
 * be for the host that is connected to. Immutable.
 */
final class RedisTls {

  private final SSLSocketFactory sockets;

  /**
   * From what the operator gave.
   *
   * @throws IllegalArgumentException with a sentence that names the setting, and never a key
   */
  RedisTls(Tls given) {
    if (given.certificate().isPresent() != given.key().isPresent()) {
      throw new IllegalArgumentException(
          "RELAY_REDIS_CERT and RELAY_REDIS_KEY go together: only one of them is set");
    }
    SslContextBuilder context = SslContextBuilder.forClient().sslProvider(SslProvider.JDK);
    given.ca().ifPresent(ca -> trust(context, ca));
    given
        .certificate()
        .ifPresent(
            certificate -> identify(context, certificate, given.key().orElseThrow().reveal()));
    try {
      this.sockets = ((JdkSslContext) context.build()).context().getSocketFactory();
    } catch (SSLException e) {
      throw new IllegalArgumentException("the TLS settings of Redis are of no use", e);
    }
  }

  SSLSocketFactory sockets() {
    return sockets;
  }

  static SSLParameters parameters() {
    SSLParameters parameters = new SSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    return parameters;
  }

  private static void trust(SslContextBuilder context, String ca) {
    try {
      context.trustManager(pem("RELAY_REDIS_CA", ca));
    } catch (IllegalArgumentException e) {
      throw noCertificate("RELAY_REDIS_CA", e);
    }
  }

  private static void identify(SslContextBuilder context, String certificate, String key) {
    InputStream chain = pem("RELAY_REDIS_CERT", certificate);
    InputStream secret = pem("RELAY_REDIS_KEY", key);
    try {
      context.keyManager(chain, secret);
    } catch (IllegalArgumentException e) {
      if (String.valueOf(e.getMessage()).contains("private key")) {
        throw new IllegalArgumentException(
            "RELAY_REDIS_KEY holds no unencrypted PKCS#8 key"
                + " (openssl pkcs8 -topk8 -nocrypt makes one)",
            e);
      }
      throw noCertificate("RELAY_REDIS_CERT", e);
    }
  }

  private static IllegalArgumentException noCertificate(String setting, Exception cause) {
    return cause.getMessage() != null && cause.getMessage().startsWith("RELAY_")
        ? (IllegalArgumentException) cause
        : new IllegalArgumentException(setting + " holds no PEM certificate", cause);
  }

  private static InputStream pem(String setting, String pemOrPath) {
    if (pemOrPath.contains("-----BEGIN")) {
      String pem = pemOrPath.replace("\\n", "\n");
      return new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII));
    }
    try {
      return new ByteArrayInputStream(Files.readAllBytes(Path.of(pemOrPath)));
    } catch (IOException | InvalidPathException e) {
      throw new IllegalArgumentException(
          setting + " is neither a PEM nor the path of a file that can be read", e);
    }
  }
}
