// What a team has today: socket.io, and an HTTP endpoint for the backend that looks the user up and
// emits. Users are found by the room that socket.io's documentation recommends for it.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { Server } from "socket.io";

const [port, apiPort] = process.argv.slice(2).map(Number);
const { SECRET, KEY } = process.env;

const io = new Server(port, { serveClient: false });

io.use((socket, next) => {
  const claims = verified(socket.handshake.auth.token ?? "");
  if (!claims) {
    return next(new Error("unauthorized"));
  }
  socket.join(`user:${claims.sub}`);
  next();
});

function verified(token) {
  const [head, payload, signature] = token.split(".");
  const expected = createHmac("sha256", SECRET).update(`${head}.${payload}`).digest();
  const given = Buffer.from(signature ?? "", "base64url");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    return null;
  }
  const claims = JSON.parse(Buffer.from(payload, "base64url"));
  return claims.exp > Date.now() / 1000 ? claims : null;
}

createServer((request, response) => {
  if (request.url === "/gc") {
    global.gc();
    global.gc();
    return answer(response, 200, {});
  }
  if (request.method !== "POST") {
    return answer(response, 200, { status: "ready" });
  }
  if (request.headers.authorization !== `Bearer ${KEY}`) {
    return answer(response, 401, {});
  }
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => emit(JSON.parse(Buffer.concat(chunks)), response));
}).listen(apiPort, "127.0.0.1");

function emit({ user, event, data, everyone }, response) {
  if (everyone) {
    io.emit(event, data);
    return answer(response, 200, { delivered: true, sessions: io.of("/").sockets.size });
  }
  const room = `user:${user}`;
  const sessions = io.of("/").adapter.rooms.get(room)?.size ?? 0;
  io.to(room).emit(event, data);
  answer(response, 200, { delivered: sessions > 0, sessions });
}

function answer(response, status, body) {
  const json = JSON.stringify(body);
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(json),
  });
  response.end(json);
}
