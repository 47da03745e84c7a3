import { panel } from "../channel/panel";
import type { Room } from "../state/room";
import type { Channel } from "../state/types";
import { MembersPanel } from "./MembersPanel";
import { PinsPanel } from "./PinsPanel";
import { SearchPanel } from "./SearchPanel";
import { ThreadPanel } from "./ThreadPanel";

/** What is open beside the messages. */
export function Panels({ row, room }: { row: Channel; room: Room }) {
  const open = panel.value;
  switch (open?.kind) {
    case "members":
      return <MembersPanel row={row} room={room} />;
    case "pins":
      return <PinsPanel room={room} />;
    case "search":
      return <SearchPanel room={room} />;
    case "thread":
      return <ThreadPanel key={open.root} root={open.root} room={room} />;
    case undefined:
      return null;
  }
}
