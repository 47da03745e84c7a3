/** The `client_key` of a message, by which the caller finds their own: a hash of who called with which key. */

/** As the service makes it: SHA-256 over the caller's id and the `Idempotency-Key`, each behind its length in eight bytes. */
export function clientKey(caller: string, key: string): string {
  const bytes = [caller, key].flatMap((part) => {
    const text = [...new TextEncoder().encode(part)];
    return [0, 0, 0, 0, 0, 0, text.length >> 8, text.length & 255, ...text];
  });
  return sha256(bytes);
}

const PRIMES: number[] = [];
for (let n = 2; PRIMES.length < 64; n += 1) if (PRIMES.every((prime) => n % prime > 0)) PRIMES.push(n);
/** The first 32 bits behind the point. */
const bits = (root: number): number => ((root % 1) * 2 ** 32) | 0;
const turn = (word: number, by: number): number => (word >>> by) | (word << (32 - by));

/** FIPS 180-4, in hexadecimal digits, of less than 2^29 bytes. `crypto.subtle` is there in secure contexts only, and waits. */
export function sha256(message: readonly number[]): string {
  const zeros = Array<number>((119 - (message.length % 64)) % 64).fill(0);
  const padded = [...message, 128, ...zeros];
  for (let shift = 56; shift >= 0; shift -= 8) padded.push(shift > 31 ? 0 : ((message.length * 8) >>> shift) & 255);
  let state = PRIMES.slice(0, 8).map((prime) => bits(Math.sqrt(prime)));
  const words: number[] = [];
  for (let at = 0; at < padded.length; at += 64) {
    let [a, b, c, d, e, f, g, h] = state as [number, number, number, number, number, number, number, number];
    PRIMES.forEach((prime, n) => {
      if (n < 16) words[n] = padded.slice(at + n * 4, at + n * 4 + 4).reduce((word, byte) => (word << 8) | byte);
      else {
        const [early, late] = [words[n - 15]!, words[n - 2]!];
        const one = turn(early, 7) ^ turn(early, 18) ^ (early >>> 3);
        const two = turn(late, 17) ^ turn(late, 19) ^ (late >>> 10);
        words[n] = (words[n - 16]! + one + words[n - 7]! + two) | 0;
      }
      const first = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + bits(Math.cbrt(prime)) + words[n]!;
      const second = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      [a, b, c, d, e, f, g, h] = [(first + second) | 0, a, b, c, (d + first) | 0, e, f, g];
    });
    state = [a, b, c, d, e, f, g, h].map((word, n) => (word + state[n]!) | 0);
  }
  return state.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}
