package dev.laravelrelay.session;

/** Told when a client's library has proved that it received a frame. */
@FunctionalInterface
public interface Receipt {

  /** On the session's loop, at most once per session; must not block. */
  void received();
}
