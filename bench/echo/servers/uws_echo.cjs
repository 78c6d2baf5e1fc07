// node uws_echo.cjs PORT [CERTIFICATE KEY | fan_out | compressed_fan_out | none | stream] - uWebSockets, from
// the npm package that loads on Debian 12. The limits are raised: by default it drops connections that large
// messages fill.
process.on('SIGPIPE', () => {});
const uws = require('uwebsockets');
const {messages, parse} = require('./published.cjs');
const [port, certificate, key] = process.argv.slice(2);

const echo = {message: (socket, message, isBinary) => socket.send(message, isBinary)};
const compressions = {
  none: uws.SHARED_COMPRESSOR | uws.SHARED_DECOMPRESSOR,
  stream: uws.DEDICATED_COMPRESSOR_256KB | uws.DEDICATED_DECOMPRESSOR_32KB,
};
const compressedEcho = {
  compression: compressions[certificate],
  message: (socket, message, isBinary) => socket.send(message, isBinary, true),
};
const fanOut = {
  open: (socket) => socket.subscribe('all'),
  message: (socket, message) => {
    for (const payload of messages(parse(Buffer.from(message)))) app.publish('all', payload, true);
  },
};

const compressedFanOut = {
  compression: compressions.none,
  open: fanOut.open,
  message: (socket, message, isBinary) => void app.publish('all', message, isBinary, true),
};
const kinds = {fan_out: fanOut, compressed_fan_out: compressedFanOut};

const app = key ? uws.SSLApp({cert_file_name: certificate, key_file_name: key}) : uws.App();
app.ws('/*', {
  compression: uws.DISABLED,
  maxPayloadLength: 64 * 1024 * 1024,
  maxBackpressure: 512 * 1024 * 1024,
  idleTimeout: 0,
  ...(kinds[certificate] ?? (compressions[certificate] ? compressedEcho : echo)),
});
app.listen('127.0.0.1', Number(port), (listening) => {
  if (!listening) process.exit(1);
});
