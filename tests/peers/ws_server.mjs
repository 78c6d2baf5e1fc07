// ws_server.mjs [--certificate FILE --key FILE]: npm's ws as a server of many resources, which
// README.md describes. It listens on a free port of 127.0.0.1, prints it, and ends when its
// standard input does.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { parseArgs } from 'node:util';

import { WebSocketServer } from './npm_ws.mjs';

const largestMessage = 64 << 20;

const resourceOf = (request) => new URL(request.url, 'http://localhost');

/// Calls back with the next message; keeps messages until they are asked for.
function inbox(ws) {
  const messages = [];
  const waiting = [];
  ws.on('message', (data, isBinary) => {
    const message = { data, isBinary };
    waiting.length > 0 ? waiting.shift()(message) : messages.push(message);
  });
  return () =>
    new Promise((resolve) => {
      messages.length > 0 ? resolve(messages.shift()) : waiting.push(resolve);
    });
}

const nextPong = (ws) => new Promise((resolve) => ws.once('pong', resolve));

/// Sends fragments of the sizes of `cut` in turn; the one with the last byte has FIN.
function sendInPieces(ws, query, data, isBinary) {
  const sizes = query.get('cut').split(',').map(Number);
  for (let start = 0, i = 0; ; ++i) {
    const end = Math.min(start + sizes[i % sizes.length], data.length);
    const fin = end === data.length;
    ws.send(data.subarray(start, end), { binary: isBinary, fin });
    if (fin) return;
    if (query.has('ping')) ws.ping(`${query.get('ping')} ${i}`);
    start = end;
  }
}

const handlers = {
  '/echo': (ws, query) => {
    ws.on('message', (data, isBinary) => {
      if (query.has('cut')) sendInPieces(ws, query, data, isBinary);
      else ws.send(data, { binary: isBinary });
    });
  },

  // Sends `count` messages, expects each back, and closes.
  '/push': async (ws, query) => {
    const next = inbox(ws);
    const count = Number(query.get('count'));
    for (let i = 0; i < count; ++i) ws.send(`message ${i}`, { binary: i % 2 === 1 });
    for (let i = 0; i < count; ++i) {
      const { data, isBinary } = await next();
      if (data.toString() !== `message ${i}` || isBinary !== (i % 2 === 1)) {
        return ws.close(4999, `message ${i} came back changed`);
      }
    }
    ws.close(1000, 'thank you');
  },

  // Sends pings between messages; goes on when the pong with the same payload has come.
  '/pings': async (ws, query) => {
    ws.pong('nobody asked');
    for (const size of query.get('sizes').split(',')) {
      ws.send(`before a ping of ${size}`);
      const payload = Buffer.from([...Array(Number(size)).keys()]);
      const pong = nextPong(ws);
      ws.ping(payload);
      if (!payload.equals(await pong)) return ws.close(4999, 'a pong with another payload');
    }
    ws.send('all pongs came');
  },

  // Answers every message with the pings received so far.
  '/heard': (ws) => {
    const pings = [];
    ws.on('ping', (payload) => pings.push(payload.toString()));
    ws.on('message', () => ws.send(Buffer.from(pings.join(','))));
  },

  // Sends `count` messages and then a Close frame, without a code if there is none.
  '/close': (ws, query) => {
    for (let i = 0; i < Number(query.get('count') ?? 0); ++i) ws.send(`message ${i}`);
    if (query.has('code')) ws.close(Number(query.get('code')), query.get('reason') ?? '');
    else ws.close();
  },

  '/wait': () => {},

  // Drops the connection without a Close frame.
  '/drop': (ws) => ws.terminate(),

  // Stops reading.
  '/deaf': (ws) => ws.pause(),

  // Sends back the fields of the request.
  '/headers': (ws, query, request) => {
    const lines = [];
    for (let i = 0; i < request.rawHeaders.length; i += 2) {
      lines.push(`${request.rawHeaders[i].toLowerCase()}: ${request.rawHeaders[i + 1]}`);
    }
    if (request.socket.encrypted) lines.push(`(server name): ${request.socket.servername || ''}`);
    ws.send(lines.join('\n'));
  },
};

function accept({ req }, answer) {
  const resource = resourceOf(req);
  if (resource.pathname !== '/refuse') return answer(true);
  answer(false, Number(resource.searchParams.get('status')), 'refused\n', { 'X-Peer': 'ws' });
}

function chooseSubprotocol(offered, request) {
  const wanted = resourceOf(request).searchParams.get('choose');
  return offered.has(wanted) ? wanted : false;
}

const { values } = parseArgs({
  options: { certificate: { type: 'string' }, key: { type: 'string' } },
});
const server = values.certificate
  ? https.createServer({ cert: readFileSync(values.certificate), key: readFileSync(values.key) })
  : http.createServer();
const sockets = new WebSocketServer({
  server,
  maxPayload: largestMessage,
  verifyClient: accept,
  handleProtocols: chooseSubprotocol,
});
sockets.on('headers', (lines) => lines.push('X-Peer: ws'));
sockets.on('connection', (ws, request) => {
  const resource = resourceOf(request);
  ws.on('error', (error) => console.error(resource.pathname, error.message));
  ws.on('close', (code, reason) => {
    console.log('closed', resource.searchParams.get('n') ?? '-', code, reason.toString());
  });
  handlers[resource.pathname](ws, resource.searchParams, request);
});
server.listen(0, '127.0.0.1', () => console.log('listening on port', server.address().port));
process.stdin.resume().on('end', () => process.exit(0));
