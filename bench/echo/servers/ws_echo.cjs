// node ws_echo.cjs PORT [fan_out | compressed_fan_out | none | stream] - npm's ws, with bufferutil if that is
// there.
const {WebSocketServer} = require('ws');
const {messages, parse} = require('./published.cjs');
const [port, mode] = process.argv.slice(2);

const compressions = {
  none: {serverNoContextTakeover: true, clientNoContextTakeover: true, threshold: 0},
  stream: {threshold: 0},
};
compressions.compressed_fan_out = compressions.none;

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(port),
  backlog: 1024,
  maxPayload: 64 * 1024 * 1024,
  perMessageDeflate: compressions[mode] ?? false,
});

// It has no topics; its manual sends to many like this.
const publish = (data) => {
  for (const payload of messages(parse(data))) {
    for (const client of server.clients) client.send(payload, {binary: true});
  }
};

const publishAsItIs = (data) => {
  for (const client of server.clients) client.send(data, {binary: true});
};
const kinds = {fan_out: publish, compressed_fan_out: publishAsItIs};

server.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', kinds[mode] ?? ((data, isBinary) => socket.send(data, {binary: isBinary})));
});
