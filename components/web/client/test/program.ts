/** A program that is asked things: a line of JSON says what it is to do, then it answers every line with a line of JSON. */

import { createInterface } from "node:readline";

/** Begins with the first line, and answers the others in their order. Ends with the input. */
export function program<Setup>(begin: (setup: Setup) => (line: string) => unknown): void {
  let answer: ((line: string) => unknown) | undefined;
  let answered = Promise.resolve();
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => {
    const ask = answer;
    if (ask === undefined) answer = begin(JSON.parse(line) as Setup);
    else answered = answered.then(async () => console.log(JSON.stringify(await ask(line))));
  });
  lines.on("close", () => process.exit(0));
}
