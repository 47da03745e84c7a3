import { person } from "./names";
import type { Channel } from "./types";

/** A direct channel is called as the other one is. */
export function nameOf(row: Channel): string {
  return row.is_direct && row.direct_member_id != null ? person(row.direct_member_id).name : row.name;
}

export function isJoined(row: Channel): boolean {
  return row.membership?.joined_at != null;
}
