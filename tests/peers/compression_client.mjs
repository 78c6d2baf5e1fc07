// compression_client.mjs URL BITS: npm's ws, with all its parameters, against our echo server,
// whose windows have at most BITS bits.
import assert from 'node:assert/strict';
import { once } from 'node:events';

import { messages, parameters } from './compression_payloads.mjs';
import { WebSocket } from './npm_ws.mjs';

const [url, bits] = process.argv.slice(2);

for (const perMessageDeflate of parameters) {
  const ws = new WebSocket(url, { perMessageDeflate });
  await once(ws, 'open');
  assert.equal(ws.extensions, 'permessage-deflate');
  const agreed = ws._extensions['permessage-deflate'].params; // not in its public API
  if (perMessageDeflate.serverNoContextTakeover) assert.ok(agreed.server_no_context_takeover);
  const window = agreed.server_max_window_bits ?? 15;
  assert.ok(window <= Math.min(bits, perMessageDeflate.serverMaxWindowBits ?? 15));
  for (const [payload, binary] of messages) {
    const answer = once(ws, 'message');
    ws.send(payload, { binary });
    const [data, isBinary] = await answer;
    assert.equal(isBinary, binary);
    assert.ok(payload.equals(data), `${payload.length} bytes changed on their way`);
  }
  const answer = once(ws, 'message');
  ws.send('first part, ', { fin: false });
  ws.send('second part', { fin: true });
  assert.equal((await answer)[0].toString(), 'first part, second part');
  ws.close();
  await once(ws, 'close');
}
