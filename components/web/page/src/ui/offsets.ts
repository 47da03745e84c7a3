/** Where rows of different heights are, one below the other: measured where they have been drawn, else guessed. */

export class Offsets {
  /** Where each row begins; the last entry is where all end. */
  readonly tops: Float64Array;

  constructor(keys: readonly string[], heights: ReadonlyMap<string, number>, guess: number) {
    this.tops = new Float64Array(keys.length + 1);
    let top = 0;
    keys.forEach((key, at) => {
      this.tops[at] = top;
      top += heights.get(key) ?? guess;
    });
    this.tops[keys.length] = top;
  }

  get end(): number {
    return this.tops.at(-1) ?? 0;
  }

  top(row: number): number {
    return this.tops[Math.min(row, this.tops.length - 1)] ?? 0;
  }

  /** The row at a height; the first or last one beyond the ends. */
  at(height: number): number {
    let [low, high] = [0, this.tops.length - 2];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.tops[middle] ?? 0) <= height) low = middle;
      else high = middle - 1;
    }
    return Math.max(0, low);
  }
}
