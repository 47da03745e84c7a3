/** The rows of the contract. */

export type {
  Channel,
  Found,
  Hit,
  Member,
  Membership,
  Message,
  Preview,
  ReactionCount,
  Reading,
} from "../../../client/src/types";

import type { Member, Message } from "../../../client/src/types";

export type Role = Member["role"];
export type MessageFile = NonNullable<Message["file"]>;
