// npm's ws as an echo server; prints its URL, ends with its standard input.
import { WebSocketServer } from '../../peers/npm_ws.mjs';

const server = new WebSocketServer({
  host: '127.0.0.1', port: 0, maxPayload: 64 << 20, perMessageDeflate: { threshold: 0 },
});
server.on('listening', () => {
  console.log(`listening on ws://127.0.0.1:${server.address().port}/`);
});
server.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', (data, binary) => socket.send(data, { binary }));
});
process.stdin.resume().on('end', () => process.exit());
