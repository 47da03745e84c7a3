/** `node follow.js '<setup>'`: follows channels, and prints a report, one line of JSON, for every line that it reads. */

import { createInterface } from "node:readline";

import { open } from "./node_socket.js";
import { Recorder, type Setup } from "./recorder.js";

const recorder = new Recorder(JSON.parse(process.argv[2] ?? "") as Setup, { open });
const lines = createInterface({ input: process.stdin });
lines.on("line", () => console.log(JSON.stringify(recorder.report())));
lines.on("close", () => process.exit(0));
