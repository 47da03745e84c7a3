/** Follows channels, and reports for every line that it reads. */

import { open } from "./node_socket.js";
import { program } from "./program.js";
import { Recorder, type Setup } from "./recorder.js";

program<Setup>((setup) => {
  const recorder = new Recorder(setup, { open });
  return () => recorder.report();
});
