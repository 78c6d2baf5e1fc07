// compression_client.mjs URL BITS: npm's ws, with all its parameters, against our echo server, which
// keeps to windows of at most BITS.
import assert from 'node:assert/strict';
import { once } from 'node:events';

import { messages, parameters } from './compression_payloads.mjs';
import { WebSocket } from './npm_ws.mjs';

const [url, bits] = process.argv.slice(2);

for (const perMessageDeflate of parameters) {
  const ws = new WebSocket(url, { perMessageDeflate });
  await once(ws, 'open');
  const agreed = ws.extensions;
  assert.match(agreed, /^permessage-deflate/);
  if (perMessageDeflate.serverNoContextTakeover) assert.match(agreed, /server_no_context_takeover/);
  const [, window] = agreed.match(/server_max_window_bits=(\d+)/) ?? [0, 15];
  assert.ok(Number(window) <= Math.min(bits, perMessageDeflate.serverMaxWindowBits ?? 15), agreed);
  for (const [payload, binary] of messages) {
    const answer = once(ws, 'message');
    ws.send(payload, { binary });
    const [data, isBinary] = await answer;
    assert.equal(isBinary, binary);
    assert.ok(payload.equals(data), `${payload.length} bytes changed on their way, ${agreed}`);
  }
  const answer = once(ws, 'message');
  ws.send('first part, ', { fin: false });
  ws.send('second part', { fin: true });
  assert.equal((await answer)[0].toString(), 'first part, second part');
  ws.close();
  await once(ws, 'close');
}
