/** What the relay sends, as AsyncAPI describes it (`/asyncapi.json`). Unknown members are allowed everywhere. */

import type * as Frames from "../generated/asyncapi.js";

export type MessageEvent = Frames.MessageCreatedFrame | Frames.MessageUpdatedFrame | Frames.MessageDeletedFrame;
export type ChannelChanged = Frames.ChannelCreatedFrame | Frames.ChannelUpdatedFrame | Frames.ChannelArchivedFrame;
export type MemberEvent =
  | Frames.MemberInvitedFrame
  | Frames.MemberJoinedFrame
  | Frames.MemberLeftFrame
  | Frames.MemberKickedFrame
  | Frames.MemberRoleChangedFrame;
export type ReactionEvent = Frames.ReactionAddedFrame | Frames.ReactionRemovedFrame;
export type PinEvent = Frames.MessagePinnedFrame | Frames.MessageUnpinnedFrame;
export type PreviewEvent = Frames.MessagePreviewFrame;

/** An event of a kind that this version does not know. Its number counts all the same. */
export interface NewerEvent {
  type: "newer";
  /** Its type as the relay names it. */
  name: string;
  channel_id: string;
  seq: number;
}

/** What happened in a channel; `seq` is its number there: 1, 2, 3, … without a hole. */
export type ChannelEvent =
  | MessageEvent
  | ChannelChanged
  | MemberEvent
  | ReactionEvent
  | PinEvent
  | PreviewEvent
  | NewerEvent;

/** What the relay itself says about a channel. */
export type Notice = Frames.SubscribedFrame | Frames.UnsubscribedFrame | Frames.ReloadFrame | Frames.ErrorFrame;

/** Who types: of the moment, without a number, and sometimes lost. */
export type Typing = Frames.TypingFrame;
/** Somebody in the channel has another name or picture. */
export type ProfileUpdated = Frames.ProfileUpdatedFrame;
/** Somebody has read further, and shows it; with `thread_id` that thread. */
export type ReceiptUpdated = Frames.ReceiptUpdatedFrame;
/** How far everybody shows that they have read; once for a subscription. */
export type Receipts = Frames.ReceiptsFrame;
/** What holds for a moment in a channel that is followed: without a number, and sometimes lost. */
export type Moment = Typing | ProfileUpdated | ReceiptUpdated | Receipts;

/** What a channel is to the caller, whichever device changed it. Of two the one with the later `updated_at` counts. */
export type UnreadUpdated = Frames.UnreadUpdatedFrame;
/** A membership of the caller in a channel that the socket does not follow. */
export type MembershipChanged = Frames.MembershipFrame;
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
