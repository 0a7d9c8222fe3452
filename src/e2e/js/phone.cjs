// A stock JavaScript client in the hand of NodePhone.java. The options come as the first argument;
// commands come in and what is heard goes out, one JSON object a line.
const { io } = require("socket.io-client");
const readline = require("node:readline");

const options = JSON.parse(process.argv[2]);
const socket = io(options.url, {
  autoConnect: false,
  forceNew: true,
  transports: options.transports,
  auth: options.auth,
});

function say(fact) {
  const engine = socket.io.engine;
  const state = {
    connected: socket.connected,
    id: socket.id ?? "",
    transport: engine?.transport?.name ?? "",
    recovered: socket.recovered === true,
  };
  process.stdout.write(JSON.stringify({ ...fact, state }) + "\n");
}

function hear(event, args) {
  const epochMicros = Math.round((performance.timeOrigin + performance.now()) * 1000);
  const json = args.map((arg) =>
    JSON.stringify(arg instanceof Error ? { message: arg.message, data: arg.data } : arg ?? null),
  );
  say({ event, args: json, types: args.map((arg) => arg?.constructor?.name ?? "null"), epochMicros });
}

for (const event of ["connect", "disconnect", "connect_error", ...options.events]) {
  socket.on(event, (...args) => hear(event, event === "disconnect" ? args.slice(0, 1) : args));
}
socket.io.on("open", () => {
  socket.io.engine.on("upgrade", () => say({}));
});

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const command = JSON.parse(line);
  if (command.connect) {
    socket.connect();
  }
  if (command.tell) {
    socket.emit(command.event, JSON.parse(command.data));
  }
  if (command.ask) {
    socket.emit(command.event, JSON.parse(command.data), (...answer) =>
      say({ ask: command.ask, answer: JSON.stringify(answer) }),
    );
  }
});
process.stdin.on("close", () => process.exit(0));
