// published.cjs - what ../published.hpp is, for the servers in JavaScript.
const largest = 1024 * 1024;
const letters = 26;
const text = Buffer.from('abcdefghijklmnopqrstuvwxyz'.repeat(largest / letters + 2));

/** "publish COUNT SIZE" as [COUNT, SIZE]. */
exports.parse = (order) => order.toString().split(' ').slice(1).map(Number);

/** The messages of a burst: parts of one text, which cost nothing to make. */
exports.messages = ([count, size]) =>
  Array.from({length: count}, (_, i) => text.subarray(i % letters, i % letters + size));
