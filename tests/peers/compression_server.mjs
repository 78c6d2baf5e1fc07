// compression_server.mjs: npm's ws as one server for each of its parameters. Prints a list of
// ports; each serves one client, sends it messages, expects them back, and prints "good" or the
// error.
import { once } from 'node:events';

import { messages, parameters } from './compression_payloads.mjs';
import { WebSocketServer } from './npm_ws.mjs';

async function judge(ws) {
  if (!ws.extensions.startsWith('permessage-deflate')) return `agreed on "${ws.extensions}"`;
  for (const [payload, binary] of messages) {
    const answer = once(ws, 'message');
    ws.send(payload, { binary });
    const [data, isBinary] = await answer;
    if (isBinary !== binary || !payload.equals(data)) return `${payload.length} bytes changed`;
  }
  return 'good';
}

const ports = [];
for (const perMessageDeflate of parameters) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate });
  await once(server, 'listening');
  server.on('connection', async (ws) => {
    const lost = once(ws, 'error').then(([error]) => error.message);
    const verdict = await Promise.race([judge(ws), lost]);
    ws.close();
    await once(ws, 'close');
    console.log(verdict);
  });
  ports.push(server.address().port);
}
console.log(JSON.stringify(ports));
