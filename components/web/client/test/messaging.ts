/** The messenger as a program: of the lines that it reads each is an act or asks for the report. */

import { Messenger, respond, type Setup } from "./messenger.js";
import { open } from "./node_socket.js";
import { program } from "./program.js";

program<Setup>((setup) => {
  const messenger = new Messenger(setup, { open });
  return (line) => respond(messenger, line);
});
