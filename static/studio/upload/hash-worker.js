// Hashes one file after the other beside the page, so that the page stays alive. It imports nothing:
// what a worker imports is not found through the page's import map.
// Source of the algorithm: SHA-256, FIPS 180-4 (NIST, 2015).
const AT_ONCE_BYTES = 16 * 1024 * 1024; // up to this the browser's own hash, which takes all at once
const PIECE_BYTES = 4 * 1024 * 1024;

const PRIMES = [];
for (let n = 2; PRIMES.length < 64; n += 1) if (PRIMES.every((prime) => n % prime)) PRIMES.push(n);
// The first 32 bits behind the point, exactly: by whole numbers, since a double has too few for cubes.
function root(prime, power) {
  const wanted = BigInt(prime) << BigInt(32 * power);
  let [low, high] = [0n, 1n << 40n];
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** BigInt(power) <= wanted) low = middle;
    else high = middle;
  }
  return Number(low & 0xffffffffn) | 0;
}
const K = new Int32Array(PRIMES.map((prime) => root(prime, 3)));
const START = new Int32Array(PRIMES.slice(0, 8).map((prime) => root(prime, 2)));
const W = new Int32Array(64);

/** Take whole blocks of 64 bytes, from `at` to `end`, into `state`. */
function blocks(state, bytes, from, end) {
  for (let at = from; at < end; at += 64) {
    for (let i = 0, j = at; i < 16; i += 1, j += 4) W[i] = (bytes[j] << 24) | (bytes[j + 1] << 16) | (bytes[j + 2] << 8) | bytes[j + 3];
    for (let i = 16; i < 64; i += 1) {
      const x = W[i - 15], y = W[i - 2];
      const s = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const t = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      W[i] = (W[i - 16] + s + W[i - 7] + t) | 0;
    }
    let a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
    for (let i = 0; i < 64; i += 1) {
      const s = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const first = (h + s + ((e & f) ^ (~e & g)) + K[i] + W[i]) | 0;
      const t = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const second = (t + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g, g = f, f = e, e = (d + first) | 0, d = c, c = b, b = a, a = (first + second) | 0;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e, state[5] += f, state[6] += g, state[7] += h;
  }
}

/** The last bytes (fewer than a block), a one bit, zeros, and the length in bits. */
function finish(state, rest, length) {
  const last = new Uint8Array(rest.length < 56 ? 64 : 128);
  last.set(rest);
  last[rest.length] = 0x80;
  new DataView(last.buffer).setBigUint64(last.length - 8, BigInt(length) * 8n);
  blocks(state, last, 0, last.length);
  return [...state].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

async function streamed(blob, tell) {
  const state = START.slice();
  for (let at = 0; ; at += PIECE_BYTES) {
    const bytes = new Uint8Array(await blob.slice(at, at + PIECE_BYTES).arrayBuffer());
    const whole = bytes.length - (bytes.length % 64);
    blocks(state, bytes, 0, whole);
    tell(at + bytes.length);
    if (at + PIECE_BYTES >= blob.size) return finish(state, bytes.subarray(whole), blob.size);
  }
}

const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

// Browsers lend their own hash to pages on https and on localhost only; this one works everywhere.
const digest = async (blob, tell) =>
  blob.size <= AT_ONCE_BYTES && globalThis.crypto?.subtle
    ? hex(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()))
    : streamed(blob, tell);

addEventListener("message", async ({ data: { blob } }) => {
  try {
    postMessage({ sha256: await digest(blob, (read) => postMessage({ read })) });
  } catch (error) {
    postMessage({ gone: String(error) });
  }
});
