// node ws_echo.cjs PORT - npm's ws, with bufferutil if that is there.
const {WebSocketServer} = require('ws');

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(process.argv[2]),
  backlog: 1024,
  maxPayload: 64 * 1024 * 1024,
  perMessageDeflate: false,
});
server.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', (data, isBinary) => socket.send(data, {binary: isBinary}));
});
