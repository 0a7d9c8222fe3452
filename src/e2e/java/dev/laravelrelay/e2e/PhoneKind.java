package dev.laravelrelay.e2e;

import io.socket.client.IO;
import io.socket.engineio.client.EngineIOException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.json.JSONObject;

/**
 * The stock clients: the Android one on each OkHttp that apps bring along, and the JavaScript one.
 */
enum PhoneKind implements Phone.Maker {
  /** OkHttp 3.12, which the client itself depends on. */
  OKHTTP_3(true, StockPhone::new),
  OKHTTP_4(true, isolated(Path.of("target", "e2e", "okhttp-4"))),
  OKHTTP_5(true, isolated(Path.of("target", "e2e", "okhttp-5"))),
  NODE(false, NodePhone::new);

  private final boolean keepsLongs;
  private final Constructor constructor;

  PhoneKind(boolean keepsLongs, Constructor constructor) {
    this.keepsLongs = keepsLongs;
    this.constructor = constructor;
  }

  /** Whether integers above 2^53 survive its JSON parser. */
  boolean keepsLongs() {
    return keepsLongs;
  }

  @Override
  public Phone make(
      String url, Phone.Transports transports, Map<String, String> auth, List<String> events) {
    return constructor.make(url, transports.names(), auth, events);
  }

  @FunctionalInterface
  private interface Constructor {
    Phone make(String url, List<String> transports, Map<String, String> auth, List<String> events);
  }

  /** {@link StockPhone} with these jars in the place of OkHttp 3. */
  private static Constructor isolated(Path jars) {
    ClassLoader loader = new ClientLoader(urls(jars));
    try {
      var constructor =
          Class.forName(StockPhone.class.getName(), true, loader)
              .getConstructor(String.class, List.class, Map.class, List.class);
      return (url, transports, auth, events) -> {
        try {
          return (Phone) constructor.newInstance(url, transports, auth, events);
        } catch (ReflectiveOperationException e) {
          throw new IllegalStateException(e);
        }
      };
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static URL[] urls(Path jars) {
    List<URL> urls = new ArrayList<>();
    try (Stream<Path> files = Files.list(jars)) {
      for (Path jar : files.toList()) {
        urls.add(jar.toUri().toURL());
      }
      for (Class<?> type :
          List.of(StockPhone.class, IO.class, EngineIOException.class, JSONObject.class)) {
        urls.add(type.getProtectionDomain().getCodeSource().getLocation().toURI().toURL());
      }
    } catch (MalformedURLException | URISyntaxException e) {
      throw new IllegalStateException(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return urls.toArray(URL[]::new);
  }

  /** Loads the client and what it stands on by itself, and leaves the rest to the tests' loader. */
  private static final class ClientLoader extends URLClassLoader {

    private static final List<String> OWN =
        List.of(
            StockPhone.class.getName(), "io.socket.", "okhttp3.", "okio.", "kotlin.", "org.json.");

    ClientLoader(URL[] urls) {
      super(urls, PhoneKind.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (OWN.stream().noneMatch(name::startsWith)) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        Class<?> loaded = findLoadedClass(name);
        return loaded == null ? findClass(name) : loaded;
      }
    }
  }
}
