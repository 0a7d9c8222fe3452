// npm's socket.io as a peer: it takes the relay's emits on PORT_API and has no verdict but "sent".
// RECOVERY=1 switches connection state recovery on.
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(path.resolve("target/e2e/peers/package.json"));
const { Server } = require("socket.io");

const server = http.createServer();
const io = new Server(server, {
  pingInterval: 5000,
  pingTimeout: 4000,
  ...(process.env.RECOVERY ? { connectionStateRecovery: { maxDisconnectionDuration: 120_000 } } : {}),
});
io.on("connection", (socket) => socket.join(`user:${socket.handshake.auth.token}`));

const api = http.createServer(async (request, response) => {
  if (request.url === "/health/ready") {
    response.end("ok");
    return;
  }
  let body = "";
  for await (const chunk of request) body += chunk;
  const { user, event, data } = JSON.parse(body);
  io.to(`user:${user}`).emit(event, data);
  response.setHeader("Content-Type", "application/json");
  response.end('{"verdict":"sent"}');
});

server.listen(Number(process.env.PORT), "127.0.0.1", () =>
  api.listen(Number(process.env.PORT_API), "127.0.0.1"),
);
