// compression_payloads.mjs: messages that compress well, badly, and not at all; and all parameters
// of permessage-deflate that npm's ws has.
import { randomFillSync } from 'node:crypto';

const words = JSON.stringify(
  Array.from({ length: 300 }, (_, i) => ({ price: i % 97, symbol: 'κόσμος – 世界 – 🌍🌎🌏' }))
);
const texts = [0, 1, 100, 600, 5000, words.length].map((size) => Buffer.from(words.slice(0, size)));

/// [payload, is it binary]; texts come twice, so that a kept window has matches.
export const messages = [
  ...texts.flatMap((text) => [[text, false], [text, false], [text, true]]),
  [randomFillSync(Buffer.alloc(70_000)), true],
];

/// Undefined: the other side decides.
export const parameters = [];
for (const serverNoContextTakeover of [undefined, true]) {
  for (const clientNoContextTakeover of [undefined, true]) {
    for (const serverMaxWindowBits of [undefined, 9, 15]) {
      for (const clientMaxWindowBits of [undefined, 9, 15]) {
        parameters.push({
          serverNoContextTakeover,
          clientNoContextTakeover,
          serverMaxWindowBits,
          clientMaxWindowBits,
          threshold: 0,
        });
      }
    }
  }
}
