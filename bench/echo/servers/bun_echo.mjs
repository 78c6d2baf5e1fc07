// bun bun_echo.mjs PORT [fan_out | compressed_fan_out | none | stream] - the server that is built into bun.
import {messages, parse} from './published.cjs';
const [port, mode] = process.argv.slice(2);

const echo = {message: (socket, message) => void socket.send(message)};
const compressions = {
  none: {compress: 'shared', decompress: 'shared'},
  stream: {compress: 'dedicated', decompress: 'dedicated'},
};
const compressedEcho = {
  perMessageDeflate: compressions[mode],
  message: (socket, message) => void socket.send(message, true),
};
const fanOut = {
  open: (socket) => void socket.subscribe('all'),
  message: (socket, message) => {
    for (const payload of messages(parse(message))) server.publish('all', payload);
  },
};
const compressedFanOut = {
  perMessageDeflate: compressions.none,
  open: fanOut.open,
  message: (socket, message) => void server.publish('all', message, true),
};
const kinds = {fan_out: fanOut, compressed_fan_out: compressedFanOut};

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: Number(port),
  fetch: (request, server) => server.upgrade(request) ? undefined : new Response('', {status: 400}),
  websocket: {
    backpressureLimit: 512 * 1024 * 1024,
    idleTimeout: 0,
    maxPayloadLength: 64 * 1024 * 1024,
    perMessageDeflate: false,
    ...(kinds[mode] ?? (compressions[mode] ? compressedEcho : echo)),
  },
});
