package dev.laravelrelay.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * PEM files of a CA, of a server on loopback and of a client that it signed, and of a CA that
 * signed nothing: made by the JDK's keytool in a directory of the test's.
 */
public final class TestCertificates {

  private static final char[] PASSWORD = "changeit".toCharArray();

  private final Path directory;

  /** Made now. */
  public TestCertificates(Path directory) {
    this.directory = directory;
    Path store = directory.resolve("store.p12");
    pair(store, "ca", "-ext", "bc:critical=ca:true");
    pair(store, "other", "-ext", "bc:critical=ca:true");
    pair(store, "server", "-signer", "ca", "-ext", "san=ip:127.0.0.1,dns:localhost");
    pair(store, "client", "-signer", "ca");
    try (InputStream in = Files.newInputStream(store)) {
      KeyStore keys = KeyStore.getInstance("PKCS12");
      keys.load(in, PASSWORD);
      for (String name : List.of("ca", "other", "server", "client")) {
        write(name + ".pem", "CERTIFICATE", keys.getCertificate(name).getEncoded());
        write(name + ".key", "PRIVATE KEY", keys.getKey(name, PASSWORD).getEncoded());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The path of {@code ca}, {@code other}, {@code server} or {@code client}'s certificate. */
  public String certificate(String name) {
    return directory.resolve(name + ".pem").toString();
  }

  /** The path of its key. */
  public String key(String name) {
    return directory.resolve(name + ".key").toString();
  }

  private static void pair(Path store, String name, String... more) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                name,
                "-dname",
                "CN=" + name,
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-keystore",
                store.toString(),
                "-storepass",
                new String(PASSWORD)));
    command.addAll(Arrays.asList(more));
    try {
      Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
      String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (keytool.waitFor() != 0) {
        throw new IllegalStateException(said);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private void write(String file, String what, byte[] der) throws IOException {
    String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    Files.writeString(
        directory.resolve(file),
        "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(what, base64, what));
  }
}
