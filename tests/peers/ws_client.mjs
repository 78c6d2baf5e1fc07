// ws_client.mjs URL LARGEST_MESSAGE [CA_FILE]: npm's ws against our echo server. It fails the
// connection if a frame of the server is masked.
import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { WebSocket } from './npm_ws.mjs';

const [url, largestMessage, caFile] = process.argv.slice(2);
const ca = caFile ? readFileSync(caFile) : undefined;
const wideText = 'κόσμος – 世界 – 🌍🌎🌏 abc';
const sizes = [0, 1, 125, 126, 127, 65535, 65536, 1 << 20];
const largeSizes = [16 << 20, 64 << 20];

setTimeout(() => {
  console.error('ws_client.mjs: not done in time');
  process.exit(1);
}, 110_000).unref();

/// An open connection. It offers permessage-deflate, which our server declines by default.
async function connect(options = {}) {
  const ws = new WebSocket(url, { ca, maxPayload: Number(largestMessage), ...options });
  await once(ws, 'open');
  return ws;
}

/// Returns the next event as [event, ...its arguments]; throws an error event.
async function next(ws, ...events) {
  const done = new AbortController();
  try {
    return await Promise.race(
      events.map(async (event) => [event, ...(await once(ws, event, { signal: done.signal }))])
    );
  } finally {
    done.abort();
  }
}

async function expectClose(ws, code, reason = '') {
  const [, seenCode, seenReason] = await next(ws, 'close');
  assert.deepEqual([seenCode, seenReason.toString()], [code, reason]);
}

async function end(ws) {
  ws.close(1000);
  await expectClose(ws, 1000);
}

/// Returns exactly `size` bytes of UTF-8, mostly code points of more than one byte.
function text(size) {
  const block = Buffer.from(wideText);
  const payload = Buffer.alloc(size, 'x');
  return payload.fill(block, 0, size - (size % block.length));
}

async function echo(ws, payload, binary) {
  const answer = next(ws, 'message', 'close');
  ws.send(payload, { binary });
  const [event, data, isBinary] = await answer;
  assert.equal(event, 'message');
  assert.equal(isBinary, binary);
  assert.ok(payload.equals(data), `${payload.length} bytes changed on their way`);
}

async function echoAll(all) {
  const ws = await connect();
  for (const size of all) {
    await echo(ws, text(size), false);
    await echo(ws, randomFillSync(Buffer.alloc(size)), true);
  }
  await end(ws);
}

const scenarios = {
  // checks: R54_R77_R83_R113_R116_messages_of_every_size_come_back
  messages: () => echoAll(sizes),

  // checks: R83_large_messages_come_back
  largeMessages: () => echoAll(largeSizes),

  async manyMessages() {
    const ws = await connect();
    const count = 2000;
    const all = new Promise((resolve) => {
      const seen = [];
      ws.on('message', (data) => seen.push(data.toString()) === count && resolve(seen));
    });
    const sent = Array.from({ length: count }, (_, i) => `message ${i}`);
    sent.forEach((message) => ws.send(message));
    assert.deepEqual(await all, sent);
    await end(ws);
  },

  // checks: R90_R95_R114_fragments_are_one_message_wherever_they_are_cut
  async fragments() {
    const ws = await connect();
    const payload = Buffer.from(wideText);
    for (let size = 1; size <= 5; ++size) {
      const answer = next(ws, 'message');
      const options = { binary: false, fin: false };
      ws.send(Buffer.alloc(0), options);
      for (let start = 0; start < payload.length; start += size) {
        ws.send(payload.subarray(start, start + size), options);
      }
      ws.send(Buffer.alloc(0), { binary: false, fin: true });
      const [, data, isBinary] = await answer;
      assert.equal(isBinary, false);
      assert.equal(data.toString(), wideText);
    }
    await end(ws);
  },

  // checks: R91_R108_R109_pings_get_pongs_with_the_same_payload
  async pings() {
    const ws = await connect();
    ws.send('half ', { fin: false });
    for (const payload of ['', 'p', 'p'.repeat(125)]) {
      const answer = next(ws, 'pong', 'message', 'close');
      ws.ping(payload);
      const [event, data] = await answer;
      assert.deepEqual([event, data.toString()], ['pong', payload]);
    }
    ws.pong('nobody asked');
    const answer = next(ws, 'message');
    ws.send('and half');
    assert.equal((await answer)[1].toString(), 'half and half');
    await end(ws);
  },

  // checks: R103_close_is_answered_with_its_code
  async closing() {
    const closes = [[1000, ''], [1001, 'going'], [3000, wideText], [4999, 'r'.repeat(123)]];
    for (const [code, reason] of closes) {
      const ws = await connect();
      ws.close(code, reason);
      await expectClose(ws, code);
    }
    const ws = await connect();
    ws.close();
    await expectClose(ws, 1005);
  },

  // checks: R122_R131_R134_a_message_above_the_limit_ends_in_1009_and_disturbs_nobody_else
  async tooBig() {
    const bystander = await connect();
    const ws = await connect();
    ws.send(Buffer.alloc(Number(largestMessage)), { fin: false });
    ws.send('!', { fin: true });
    const [, code] = await next(ws, 'close');
    assert.equal(code, 1009);
    await echo(bystander, Buffer.from('still here'), false);
    await end(bystander);
  },

  // checks: R49_an_extension_that_it_offers_is_not_agreed_on
  async handshake() {
    const ws = await connect({ origin: 'https://elsewhere.example', headers: { 'X-Trace': '7' } });
    assert.equal(ws.extensions, '');
    assert.equal(ws.protocol, '');
    await end(ws);
  },

  // checks: R132_a_client_that_vanishes_leaves_the_server_well
  async vanish() {
    for (let i = 0; i < 20; ++i) {
      const ws = await connect();
      ws.send(Buffer.alloc(100_000));
      ws.terminate();
    }
    const ws = await connect();
    await echo(ws, Buffer.from('still here'), false);
    await end(ws);
  },

  // checks: R105_R134_sigterm_is_a_clean_1001
  async sigterm() {
    const sockets = await Promise.all([connect(), connect(), connect()]);
    for (const ws of sockets) await echo(ws, Buffer.from('here'), false);
    const closes = sockets.map((ws) => expectClose(ws, 1001));
    console.log('now SIGTERM');
    const patience = sleep(20_000, 'still open', { ref: false }); // ws itself would wait for 30 s
    assert.notEqual(await Promise.race([Promise.all(closes), patience]), 'still open');
  },
};

for (const [name, scenario] of Object.entries(scenarios)) {
  console.log(`npm's ws: ${name}`);
  await scenario();
}
