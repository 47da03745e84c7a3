/** The rows of the contract, and the client's stores. */

export type {
  Channel,
  ChannelStore,
  Found,
  Hit,
  Item,
  Member,
  Message,
  MessageItem,
  Status,
  ThreadStore,
} from "../../../client/src/index";

import type { Member, Message } from "../../../client/src/index";

export type Role = Member["role"];
export type MessageFile = NonNullable<Message["file"]>;
