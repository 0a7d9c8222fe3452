package dev.laravelrelay;

/**
 * The jar's entry point. Compiled for Java 8, so that every Java in use can run it and say in one
 * sentence which Java the relay needs, instead of failing with an UnsupportedClassVersionError.
 */
public final class Launcher {

  private static final int NEEDED = 25;

  private Launcher() {}

  /** Hands over to {@code Main} on Java 25 or newer; otherwise exits with code 2. */
  public static void main(String[] args) {
    String version = System.getProperty("java.specification.version");
    int feature = Integer.parseInt(version.startsWith("1.") ? version.substring(2) : version);
    if (feature < NEEDED) {
      System.err.println(
          "Laravel Relay needs Java "
              + NEEDED
              + " or newer; this is Java "
              + feature
              + " ("
              + System.getProperty("java.home")
              + ").");
      System.exit(2);
    }
    Main.main(args);
  }
}
