/** What the relay sends, as AsyncAPI describes it (`/asyncapi.json`). Unknown members are allowed everywhere. */

export interface Message {
  id: string;
  channel_id: string;
  /** Its number in the channel; messages are ordered by it. */
  seq: number;
  matrix_event_id: string;
  sender_id: string;
  sender_type: "human" | "agent";
  content_preview: string;
  truncated: boolean;
  content_type: string;
  /** The message under which its thread is. */
  thread_id: string | null;
  /** The message that it replies to. */
  reply_to: string | null;
  edited_at: string | null;
  deleted_at: string | null;
  created_at: string;
  client_key?: string;
  /** Ids of people and agents, and `room`. */
  mentions: string[];
  poll_ended_at: string | null;
  /** Of a picture, a video, sound, a sticker or any other file. */
  file: MessageFile | null;
  /** What its links show. */
  previews: Preview[];
  /** The poll that it is, on pages and where one message is read. */
  poll?: Poll;
}

export interface MessageFile {
  /** An `mxc://` address. */
  content_uri: string;
  filename: string | null;
  content_type: string | null;
  /** Bytes. */
  size: number | null;
  width: number | null;
  height: number | null;
  duration_ms: number | null;
  thumbnail_uri: string | null;
  blurhash: string | null;
  /** Of a voice message: how loud it is from its beginning to its end, 0 to 1024. */
  voice: { waveform: number[] } | null;
  is_encrypted: boolean;
}

/** Text of a stranger, cleaned and bounded: never HTML. */
export interface Preview {
  id: string;
  url: string;
  title: string | null;
  description: string | null;
  site_name: string | null;
  image: { content_uri: string; content_type: string; width: number; height: number } | null;
}

export interface Poll {
  question: string;
  /** Without counts until the end of a poll that is not disclosed. */
  answers: { id: string; text: string; votes: number | null }[];
  max_selections: number;
  voters: number | null;
  my_answers: string[];
  ended_at: string | null;
  disclosed: boolean;
}

export interface Member {
  id: string;
  channel_id: string;
  member_id: string;
  member_type: "human" | "agent";
  matrix_user_id: string;
  role: "owner" | "admin" | "member" | "guest" | "agent";
  can_read: boolean;
  can_write: boolean;
  can_invite: boolean;
  can_kick: boolean;
  can_create_tasks: boolean;
  matrix_power_level: number;
  invited_by: string | null;
  invited_at: string | null;
  joined_at: string | null;
  left_at: string | null;
}

export interface Channel {
  id: string;
  slug: string;
  name: string;
  description: string | null;
  microdao_id: string;
  visibility: "public" | "private" | "microdao";
  is_direct: boolean;
  is_encrypted: boolean;
  topic: string | null;
  avatar_url: string | null;
  created_by: string;
  created_at: string;
  updated_at: string;
  archived_at: string | null;
}

/** One emoji under a message, as `GET …/reactions` lists it. */
export interface Reaction {
  emoji: string;
  count: number;
  reacted: boolean;
  /** The first hundred. */
  reactors: string[];
}

/** What every event of a channel carries. */
interface Logged {
  event_id: string;
  channel_id: string;
  /** Its number in the channel: 1, 2, 3, … without a hole. */
  seq: number;
}

export interface MessageEvent extends Logged {
  type: "message.created" | "message.updated" | "message.deleted";
  message: Message;
}

export interface ChannelChanged extends Logged {
  type: "channel.created" | "channel.updated" | "channel.archived";
  channel: Channel;
  /** So many members changed at once that they have no event each. */
  members_changed?: number;
}

export interface MemberEvent extends Logged {
  type: "member.invited" | "member.joined" | "member.left" | "member.kicked" | "member.role_changed";
  member_id: string;
  member: Member;
}

export interface ReactionEvent extends Logged {
  type: "reaction.added" | "reaction.removed";
  message_id: string;
  reactor_id: string;
  emoji: string;
}

export interface PinEvent extends Logged {
  type: "message.pinned" | "message.unpinned";
  message_id: string;
  actor_id: string;
}

export interface PreviewEvent extends Logged {
  type: "message.preview";
  message_id: string;
  /** All that its links show from here on. */
  previews: Preview[];
  /** Who removed one. */
  actor_id?: string;
}

/** An event of a kind that this version does not know. Its number counts all the same. */
export interface NewerEvent extends Logged {
  type: "newer";
  /** Its type as the relay names it. */
  name: string;
}

export type ChannelEvent =
  | MessageEvent
  | ChannelChanged
  | MemberEvent
  | ReactionEvent
  | PinEvent
  | PreviewEvent
  | NewerEvent;

/** What the relay itself says about a channel. */
export type Notice =
  | { type: "subscribed"; channel_id: string; seq: number }
  | { type: "unsubscribed"; channel_id: string }
  | { type: "reload"; channel_id: string; seq: number }
  | { type: "error"; channel_id: string; code: string };

/** Who types: of the moment, without a number, and sometimes lost. */
export interface Typing {
  type: "typing";
  channel_id: string;
  member_ids: string[];
}

/** Somebody in the channel has another name or picture. */
export interface ProfileUpdated {
  type: "profile.updated";
  channel_id: string;
  member_id: string;
  display_name: string | null;
  avatar_url: string | null;
}

/** Somebody has read further, and shows it; with `thread_id` that thread. */
export interface ReceiptUpdated {
  type: "receipt.updated";
  channel_id: string;
  member_id: string;
  read_seq: number;
  thread_id?: string;
}

/** How far everybody shows that they have read; once for a subscription. */
export interface Receipts {
  type: "receipts";
  channel_id: string;
  receipts: { member_id: string; read_seq: number }[];
}

/** What holds for a moment in a channel that is followed: without a number, and sometimes lost. */
export type Moment = Typing | ProfileUpdated | ReceiptUpdated | Receipts;

/** What a channel is to the caller, whichever device changed it. Of two the one with the later `updated_at` counts. */
export interface UnreadUpdated {
  type: "unread.updated";
  channel_id: string;
  read_seq: number | null;
  unread_count: number;
  mention_count: number;
  marked_unread: boolean;
  muted: boolean;
  updated_at: string | null;
}

/** A membership of the caller in a channel that the socket does not follow. */
export interface MembershipChanged {
  type: "membership";
  channel_id: string;
  /** The event's number in its channel, which is none of this socket's. */
  seq: number;
  event: ChannelEvent;
  /** As it is now; absent where the caller may not know of it any more. */
  channel?: Channel;
}

/** What comes because of who opened the socket, of whatever channel. */
export type Personal = UnreadUpdated | MembershipChanged;

/** A frame that belongs to no subscription, or of a kind that this version does not know. */
export interface OtherFrame {
  type: string;
  [member: string]: unknown;
}

export type Received =
  | { kind: "pong" }
  | { kind: "event"; event: ChannelEvent }
  | { kind: "notice"; notice: Notice }
  | { kind: "moment"; moment: Moment }
  | { kind: "personal"; personal: Personal }
  | { kind: "other"; frame: OtherFrame }
  | { kind: "unreadable" };

const EVENTS: ReadonlySet<string> = new Set<Exclude<ChannelEvent["type"], "newer">>([
  "message.created",
  "message.updated",
  "message.deleted",
  "channel.created",
  "channel.updated",
  "channel.archived",
  "member.invited",
  "member.joined",
  "member.left",
  "member.kicked",
  "member.role_changed",
  "reaction.added",
  "reaction.removed",
  "message.pinned",
  "message.unpinned",
  "message.preview",
]);
const NOTICES: ReadonlySet<string> = new Set<Notice["type"]>(["subscribed", "unsubscribed", "reload", "error"]);
const MOMENTS: ReadonlySet<string> = new Set<Moment["type"]>([
  "typing",
  "profile.updated",
  "receipt.updated",
  "receipts",
]);
const PERSONAL: ReadonlySet<string> = new Set<Personal["type"]>(["unread.updated", "membership"]);

/** Reads a text of the relay. */
export function read(text: string): Received {
  if (text === "pong") return { kind: "pong" };
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return { kind: "unreadable" };
  }
  if (typeof frame !== "object" || frame === null || Array.isArray(frame)) return { kind: "unreadable" };
  const { type, channel_id, seq } = frame as { type?: unknown; channel_id?: unknown; seq?: unknown };
  if (typeof type !== "string") return { kind: "unreadable" };
  const ofChannel = typeof channel_id === "string";
  // The types of events have a dot: what and what happened to it.
  if (ofChannel && typeof seq === "number" && type.includes(".")) {
    const event = EVENTS.has(type) ? frame : { ...frame, type: "newer", name: type };
    return { kind: "event", event: event as ChannelEvent };
  }
  if (ofChannel && NOTICES.has(type)) return { kind: "notice", notice: frame as Notice };
  if (ofChannel && MOMENTS.has(type)) return { kind: "moment", moment: frame as Moment };
  if (ofChannel && PERSONAL.has(type)) return { kind: "personal", personal: frame as Personal };
  return { kind: "other", frame: frame as OtherFrame };
}
