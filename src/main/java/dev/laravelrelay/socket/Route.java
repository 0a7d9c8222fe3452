package dev.laravelrelay.socket;

import io.netty.handler.codec.http.HttpRequest;

/** What answers the requests on one path of the public port. On the channel's event loop. */
@FunctionalInterface
interface Route {

  /** The head of a request has come. */
  Exchange begin(HttpRequest request, HttpReply reply);

  /** One request after its head. Exactly one of its methods is called, once. */
  interface Exchange {

    /** How many bytes of body it takes. */
    default int maxBodyBytes() {
      return 0;
    }

    /** The whole request is here. */
    void complete(byte[] body);

    /** The body is larger than it takes; the rest is thrown away. */
    default void tooLarge() {
      complete(new byte[0]);
    }

    /** The client went away in the middle. */
    default void abandoned() {}
  }
}
