// Generated from the service's documents by `npm run generate`; not to be edited.

/**
 * `microdao:<slug>`, slug `[a-z0-9-]+` of at most 100 characters.
 */
export type MicrodaoId = string
/**
 * Who takes part: `user:<id>`, `agent:<id>`, or the Matrix id of a person who exists only in Matrix.
 */
export type EntityId = string
/**
 * Who may see a channel.
 * 
 * - `public`: Any authenticated caller.
 * - `private`: Members of the channel.
 * - `microdao`: Members of the microDAO and of the channel.
 */
export type Visibility = ("public" | "private" | "microdao")
/**
 * What takes part.
 * 
 * - `human`: A user, or a person who exists only in Matrix.
 * - `agent`: An AI agent.
 */
export type MemberType = ("human" | "agent")
/**
 * What kind of content a message has.
 * 
 * - `text`: Text, and everything that is none of the others: what Matrix has no name for is shown as the text that it brings.
 * - `image`: A picture.
 * - `file`: Any other file.
 * - `audio`: Sound.
 * - `video`: Moving pictures.
 * - `emote`: What the sender does, shown behind their name.
 * - `sticker`: A sticker; the text is what it shows.
 * - `location`: A place; the text is its name, or a `geo:` address (RFC 5870).
 * - `poll`: A poll; the text is its question, and its answers a line each.
 * - `verification`: A request to verify each other's devices, which Matrix clients carry out among themselves.
 */
export type ContentType = ("text" | "image" | "file" | "audio" | "video" | "emote" | "sticker" | "location" | "poll" | "verification")
/**
 * Somebody who is meant by a message, or `room` for everybody in the channel.
 */
export type Mention = string
/**
 * A member's role in a channel.
 * 
 * - `owner`: Everything; power level 100.
 * - `admin`: Manages members; power level 50.
 * - `member`: Talks.
 * - `guest`: Talks, comes from outside the microDAO.
 * - `agent`: An agent that talks.
 */
export type Role = ("owner" | "admin" | "member" | "guest" | "agent")
/**
 * Why a channel's frames do not come, or come no more. Sent only on a socket for many channels.
 * 
 * - `not_found`: There is no such channel, or the caller may not read it.
 * - `invalid_since_seq`: `since_seq` is not a whole number from 0 on.
 * - `too_many_channels`: The socket has 1,000 channels already.
 * - `access_lost`: The caller may not read the channel any more.
 * - `channel_gone`: The channel was archived or deleted.
 * - `unavailable`: The database does not answer at the moment: subscribe again, with `since_seq`.
 */
export type ErrorCode = ("not_found" | "invalid_since_seq" | "too_many_channels" | "access_lost" | "channel_gone" | "unavailable")
/**
 * The events that concern one person's membership.
 */
export type MembershipEvent = ({
type: "channel.created"
/**
 * Names the event. An event that is published again keeps its id.
 */
event_id: string
/**
 * The channel.
 */
channel_id: string
/**
 * The microDAO that the channel belongs to.
 */
microdao_id: MicrodaoId
/**
 * The event's number in its channel, without a hole. An `integration` event carries the number of the event that
 * it accompanies.
 */
seq: number
/**
 * The room behind the channel.
 */
matrix_room_id: string
/**
 * Who made the channel.
 */
created_by: EntityId
/**
 * Who may see the channel.
 */
visibility: Visibility
/**
 * The channel after the change.
 */
channel: Channel
/**
 * Who changed or archived the channel; absent from `.created`.
 */
actor_id?: EntityId
/**
 * How many members' roles or capabilities changed at once, when that are too many for an event each; only in
 * `.updated`. Who shows the members reads them again.
 */
members_changed?: number
} | {
type: "member.invited"
/**
 * Names the event. An event that is published again keeps its id.
 */
event_id: string
/**
 * The channel.
 */
channel_id: string
/**
 * The microDAO that the channel belongs to.
 */
microdao_id: MicrodaoId
/**
 * The event's number in its channel, without a hole. An `integration` event carries the number of the event that
 * it accompanies.
 */
seq: number
/**
 * The member.
 */
member_id: EntityId
/**
 * Whether the member is a person or an agent.
 */
member_type: MemberType
/**
 * The member's role after the change, or the last one.
 */
role: Role
/**
 * Who invited the member; `null` when nobody did.
 */
invited_by: (EntityId | null)
/**
 * Who did it: the member in `.joined` and `.left`.
 */
actor_id: EntityId
/**
 * The membership after the change.
 */
member: Member
/**
 * They were banned, which need not have been members; only in `.kicked`.
 */
banned?: boolean
} | {
type: "member.joined"
/**
 * Names the event. An event that is published again keeps its id.
 */
event_id: string
/**
 * The channel.
 */
channel_id: string
/**
 * The microDAO that the channel belongs to.
 */
microdao_id: MicrodaoId
/**
 * The event's number in its channel, without a hole. An `integration` event carries the number of the event that
 * it accompanies.
 */
seq: number
/**
 * The member.
 */
member_id: EntityId
/**
 * Whether the member is a person or an agent.
 */
member_type: MemberType
/**
 * The member's role after the change, or the last one.
 */
role: Role
/**
 * Who invited the member; `null` when nobody did.
 */
invited_by: (EntityId | null)
/**
 * Who did it: the member in `.joined` and `.left`.
 */
actor_id: EntityId
/**
 * The membership after the change.
 */
member: Member
/**
 * They were banned, which need not have been members; only in `.kicked`.
 */
banned?: boolean
} | {
type: "member.left"
/**
 * Names the event. An event that is published again keeps its id.
 */
event_id: string
/**
 * The channel.
 */
channel_id: string
/**
 * The microDAO that the channel belongs to.
 */
microdao_id: MicrodaoId
/**
 * The event's number in its channel, without a hole. An `integration` event carries the number of the event that
 * it accompanies.
 */
seq: number
/**
 * The member.
 */
member_id: EntityId
/**
 * Whether the member is a person or an agent.
 */
member_type: MemberType
/**
 * The member's role after the change, or the last one.
 */
role: Role
/**
 * Who invited the member; `null` when nobody did.
 */
invited_by: (EntityId | null)
/**
 * Who did it: the member in `.joined` and `.left`.
 */
actor_id: EntityId
/**
 * The membership after the change.
 */
member: Member
/**
 * They were banned, which need not have been members; only in `.kicked`.
 */
banned?: boolean
} | {
type: "member.kicked"
/**
 * Names the event. An event that is published again keeps its id.
 */
event_id: string
/**
 * The channel.
 */
channel_id: string
/**
 * The microDAO that the channel belongs to.
 */
microdao_id: MicrodaoId
/**
 * The event's number in its channel, without a hole. An `integration` event carries the number of the event that
 * it accompanies.
 */
seq: number
/**
 * The member.
 */
member_id: EntityId
/**
 * Whether the member is a person or an agent.
 */
member_type: MemberType
/**
 * The member's role after the change, or the last one.
 */
role: Role
/**
 * Who invited the member; `null` when nobody did.
 */
invited_by: (EntityId | null)
/**
 * Who did it: the member in `.joined` and `.left`.
 */
actor_id: EntityId
/**
 * The membership after the change.
 */
member: Member
/**
 * They were banned, which need not have been members; only in `.kicked`.
 */
banned?: boolean
} | {
type: "member.role_changed"
/**
 * Names the event. An event that is published again keeps its id.
 */
event_id: string
/**
 * The channel.
 */
channel_id: string
/**
 * The microDAO that the channel belongs to.
 */
microdao_id: MicrodaoId
/**
 * The event's number in its channel, without a hole. An `integration` event carries the number of the event that
 * it accompanies.
 */
seq: number
/**
 * The member.
 */
member_id: EntityId
/**
 * Whether the member is a person or an agent.
 */
member_type: MemberType
/**
 * The member's role after the change, or the last one.
 */
role: Role
/**
 * Who invited the member; `null` when nobody did.
 */
invited_by: (EntityId | null)
/**
 * Who did it: the member in `.joined` and `.left`.
 */
actor_id: EntityId
/**
 * The membership after the change.
 */
member: Member
/**
 * They were banned, which need not have been members; only in `.kicked`.
 */
banned?: boolean
})
/**
 * A channel to subscribe to. Its id alone may stand instead of the object.
 */
export type Subscribe = ({
/**
 * The channel.
 */
channel_id: string
/**
 * The number of the last event that the client has, 0 for none: what came after it is sent first. Without it the
 * frames begin with what happens next.
 */
since_seq?: (number | null)
[k: string]: unknown
} | string)
/**
 * A channel to leave. Its id alone may stand instead of the object.
 */
export type Unsubscribe = ({
/**
 * The channel.
 */
channel_id: string
[k: string]: unknown
} | string)

export interface SocketMessages {
ChannelArchivedFrame?: ChannelArchivedFrame
ChannelCreatedFrame?: ChannelCreatedFrame
ChannelUpdatedFrame?: ChannelUpdatedFrame
ErrorFrame?: ErrorFrame
MemberInvitedFrame?: MemberInvitedFrame
MemberJoinedFrame?: MemberJoinedFrame
MemberKickedFrame?: MemberKickedFrame
MemberLeftFrame?: MemberLeftFrame
MemberRoleChangedFrame?: MemberRoleChangedFrame
MembershipFrame?: MembershipFrame
MessageCreatedFrame?: MessageCreatedFrame
MessageDeletedFrame?: MessageDeletedFrame
MessagePinnedFrame?: MessagePinnedFrame
MessagePreviewFrame?: MessagePreviewFrame
MessageUnpinnedFrame?: MessageUnpinnedFrame
MessageUpdatedFrame?: MessageUpdatedFrame
ProfileUpdatedFrame?: ProfileUpdatedFrame
ReactionAddedFrame?: ReactionAddedFrame
ReactionRemovedFrame?: ReactionRemovedFrame
ReceiptUpdatedFrame?: ReceiptUpdatedFrame
ReceiptsFrame?: ReceiptsFrame
ReloadFrame?: ReloadFrame
SubscribedFrame?: SubscribedFrame
TypingFrame?: TypingFrame
UnreadUpdatedFrame?: UnreadUpdatedFrame
UnsubscribedFrame?: UnsubscribedFrame
ClientMessage?: ClientMessage
}
export interface ChannelArchivedFrame {
/**
 * What kind of frame it is.
 */
type: "channel.archived"
/**
 * Names the event. An event that is published again keeps its id.
 */
event_id: string
/**
 * The channel.
 */
channel_id: string
/**
 * The microDAO that the channel belongs to.
 */
microdao_id: MicrodaoId
/**
 * The event's number in its channel, without a hole. An `integration` event carries the number of the event that
 * it accompanies.
 */
seq: number
/**
 * The room behind the channel.
 */
matrix_room_id: string
/**
 * Who made the channel.
 */
created_by: EntityId
/**
 * Who may see the channel.
 */
visibility: Visibility
/**
 * The channel after the change.
 */
channel: Channel
/**
 * Who changed or archived the channel; absent from `.created`.
 */
actor_id?: EntityId
/**
 * How many members' roles or capabilities changed at once, when that are too many for an event each; only in
 * `.updated`. Who shows the members reads them again.
 */
members_changed?: number
}
/**
 * A channel: a Matrix room and what the index knows of it.
 */
export interface Channel {
/**
 * The channel.
 */
id: string
/**
 * Unique in the microDAO.
 */
slug: string
/**
 * For people.
 */
name: string
/**
 * What it is for.
 */
description: (string | null)
/**
 * The microDAO that it belongs to.
 */
microdao_id: MicrodaoId
/**
 * The room behind it, which may change when the room is upgraded.
 */
matrix_room_id: string
/**
 * Who may see it.
 */
visibility: Visibility
/**
 * Whether it is a conversation of two.
 */
is_direct: boolean
/**
 * Whether its messages are end-to-end encrypted.
 */
is_encrypted: boolean
/**
 * What it is about at the moment.
 */
topic: (string | null)
/**
 * An `mxc://` address.
 */
avatar_url: (string | null)
/**
 * Who made it.
 */
created_by: EntityId
/**
 * When it was made.
 */
created_at: string
/**
 * When its name, description, topic, avatar or visibility last changed.
 */
updated_at: string
/**
 * Since when it takes no more writes and is in no list.
 */
archived_at: (string | null)
/**
 * Whether links of its messages show what they are; `null`: yes where it is public or its microDAO's, no where it is
 * private. Those of an encrypted channel never do.
 */
link_previews: (boolean | null)
/**
 * After how many days messages are deleted, in Matrix as well; `null`: when the platform's maximum is over, if it has one.
 */
retention_days: (number | null)
/**
 * Up to this number the caller has read it; `null` without a marker, and then nothing is unread. This and the next four are
 * only in a list of channels and in a `GET` of one.
 */
read_seq?: (number | null)
/**
 * The others' messages behind it, without deleted ones and replies in threads. 100 stands for any number from 100 on.
 */
unread_count?: number
/**
 * The others' messages behind it that name the caller or everybody. 100 stands for any number from 100 on.
 */
mention_count?: number
/**
 * Whether the caller has marked it as unread by hand.
 */
marked_unread?: boolean
/**
 * Whether the caller has muted it.
 */
muted?: boolean
/**
 * How many members have joined; `null` for who may not read the channel. This and what follows is there in lists and
 * in `GET` of the channel, and nowhere else.
 */
member_count?: (number | null)
/**
 * The newest message that is not deleted, replies too; `null` when there is none, or for who may not read the channel.
 */
last_message?: (Message | null)
/**
 * The number of the channel's newest event; `null` for who may not read the channel.
 */
last_seq?: (number | null)
/**
 * What the caller is in the channel; `null` when they are neither a member nor invited.
 */
membership?: (Membership | null)
/**
 * For how many days messages are kept: the channel's own `retention_days` or the platform's maximum, whichever is less;
 * `null`: for ever.
 */
kept_days?: (number | null)
/**
 * The other one of a direct channel, also after they have left; `null` in other channels, and for who is none of the two.
 */
direct_member_id?: (EntityId | null)
}
/**
 * A message as the index knows it.
 */
export interface Message {
/**
 * The message: UUID v5 of its Matrix event id.
 */
id: string
/**
 * The channel that it is in.
 */
channel_id: string
/**
 * Its number in the channel. Messages are ordered by it; other events of the channel take numbers too.
 */
seq: number
/**
 * The event in the room.
 */
matrix_event_id: string
/**
 * Who sent it.
 */
sender_id: EntityId
/**
 * What the sender is.
 */
sender_type: MemberType
/**
 * The first 500 characters; empty when the message is encrypted or deleted.
 */
content_preview: string
/**
 * Whether it is end-to-end encrypted: then there is no text here, and `GET` of the message has the ciphertext.
 */
is_encrypted: boolean
/**
 * Whether `content_preview` leaves something of the text out.
 */
truncated: boolean
/**
 * What kind of content it is.
 */
content_type: ContentType
/**
 * The message under which its thread is; `null` outside of threads.
 */
thread_id: (string | null)
/**
 * When its sender last replaced the text.
 */
edited_at: (string | null)
/**
 * When it was deleted.
 */
deleted_at: (string | null)
/**
 * When it was sent.
 */
created_at: string
/**
 * The hash of the `Idempotency-Key` with which it was sent, if there was one: 64 hexadecimal digits of SHA-256 over the
 * sender's id and the key, each behind its length in bytes, as eight bytes, the largest first. So senders know their own.
 */
client_key?: string
/**
 * Who is meant: each once, `room` for everybody in the channel. Of an encrypted message nobody, as that is inside the
 * ciphertext; of a deleted one neither.
 * 
 * @maxItems 50
 */
mentions: Mention[]
/**
 * What its first links show, as far as it is known and was not removed; none of an encrypted or a deleted message. They
 * come a moment after the message, with `message.preview`.
 * 
 * @maxItems 3
 */
previews: Preview[]
/**
 * When the poll that it is was ended.
 */
poll_ended_at: (string | null)
/**
 * What the sender is called, in an event at that moment, else now; `null` when they have chosen no name.
 */
sender_name: (string | null)
/**
 * The sender's picture, an `mxc://` address.
 */
sender_avatar_url: (string | null)
/**
 * The message that it replies to.
 */
reply_to: (string | null)
/**
 * The file of a picture, a video, sound, a sticker or any other file; `null` of a message without one, of a deleted one,
 * and of one whose content cannot be told.
 */
file: (File | null)
/**
 * The thread under it, if there is one and something is left of it. Only on pages and where one message is read:
 * events and responses to writes leave it out.
 */
thread?: Thread
/**
 * The reactions, in the order in which each emoji was first used, at most 50; none of a deleted message. It is there in
 * pages and in `GET` of the message, and nowhere else.
 * 
 * @maxItems 50
 */
reactions?: ReactionCount[]
/**
 * The poll that it is, and how many voted for what; absent where its question cannot be read. It is there in pages and in
 * `GET` of the message, and nowhere else.
 */
poll?: Poll
}
/**
 * What one link of a message shows.
 */
export interface Preview {
/**
 * The preview, by which it is removed.
 */
id: string
/**
 * The link as the message has it, in its canonical form.
 */
url: string
/**
 * Its title.
 */
title: (string | null)
/**
 * What it is about.
 */
description: (string | null)
/**
 * The name of its site.
 */
site_name: (string | null)
/**
 * Its picture.
 */
image: (PreviewImage | null)
}
/**
 * A page's picture, as content of our own: readers fetch nothing from the page's server.
 */
export interface PreviewImage {
/**
 * An `mxc://` address.
 */
content_uri: string
/**
 * `image/png`, `image/jpeg`, `image/gif` or `image/webp`, as its first bytes say.
 */
content_type: string
/**
 * In pixels.
 */
width: number
/**
 * In pixels.
 */
height: number
}
/**
 * The file of a message, as its sender describes it. What is odd in a description is `null`.
 */
export interface File {
/**
 * Its content, an `mxc://` address.
 */
content_uri: string
/**
 * What it is called: one line without a path. `null` for a sticker, and in an encrypted channel.
 */
filename: (string | null)
/**
 * Its media type, without parameters.
 */
content_type: (string | null)
/**
 * Its size in bytes.
 */
size: (number | null)
/**
 * The width of a picture or video, in pixels.
 */
width: (number | null)
/**
 * Its height, in pixels.
 */
height: (number | null)
/**
 * How long sound or a video lasts, in milliseconds.
 */
duration_ms: (number | null)
/**
 * A smaller picture of it, an `mxc://` address.
 */
thumbnail_uri: (string | null)
/**
 * A BlurHash to show until the picture is there.
 */
blurhash: (string | null)
/**
 * What a voice message has; `null` for any other file.
 */
voice: (Voice | null)
/**
 * Whether the content is encrypted: the key is in the `content` that `GET` of the message tells.
 */
is_encrypted: boolean
}
/**
 * A voice message (MSC3245).
 */
export interface Voice {
/**
 * How loud it is, in equal steps from its beginning to its end.
 * 
 * @maxItems 256
 */
waveform: number[]
[k: string]: unknown
}
/**
 * What a message shows of the thread under it.
 */
export interface Thread {
/**
 * How many replies it has, without deleted ones.
 */
reply_count: number
/**
 * The newest of them.
 */
last_reply: Message
/**
 * The first who wrote in it, of its first 100 replies.
 * 
 * @maxItems 5
 */
participants: Participant[]
/**
 * Whether the caller follows it: they wrote in it or sent the message that it is under, were mentioned in it, or chose to.
 */
is_following: boolean
/**
 * How many replies of others the caller has not read; 0 when they do not follow it. It stops at 100.
 */
unread_count: number
}
/**
 * Somebody who wrote in a thread.
 */
export interface Participant {
/**
 * Who.
 */
member_id: EntityId
/**
 * What they are.
 */
member_type: MemberType
/**
 * What they are called now; `null` when they have chosen no name.
 */
display_name: (string | null)
/**
 * Their picture, an `mxc://` address.
 */
avatar_url: (string | null)
}
/**
 * One emoji under a message on a page.
 */
export interface ReactionCount {
/**
 * The emoji. With and without a variation selector it is the same one, and a person counts once.
 */
emoji: string
/**
 * How many reacted so; 1,000 means at least that many.
 */
count: number
/**
 * Whether the caller did.
 */
reacted: boolean
}
/**
 * A poll and its count. What it asks is as of its last edit.
 */
export interface Poll {
/**
 * What is asked; its first 500 characters.
 */
question: string
/**
 * The answers, in their order.
 * 
 * @minItems 1
 * @maxItems 20
 */
answers: PollAnswer[]
/**
 * How many answers a person may choose.
 */
max_selections: number
/**
 * How many people have voted; 5,000 means at least that many. `null` until the end of a poll that is not disclosed. The
 * last vote of a person up to the end counts, while they are a member, at the end if it has ended.
 */
voters: (number | null)
/**
 * The ids of the answers that the caller has chosen.
 * 
 * @maxItems 20
 */
my_answers: string[]
/**
 * When it was ended.
 */
ended_at: (string | null)
/**
 * Whether the count is shown before the end.
 */
disclosed: boolean
}
/**
 * An answer of a poll.
 */
export interface PollAnswer {
/**
 * What votes name it by.
 */
id: string
/**
 * What is to be read; its first 500 characters.
 */
text: string
/**
 * How many people chose it; `null` until the end of a poll that is not disclosed.
 */
votes: (number | null)
}
/**
 * What the caller is and may do in a channel.
 */
export interface Membership {
/**
 * What they are in the channel.
 */
role: Role
/**
 * Whether they may read.
 */
can_read: boolean
/**
 * Whether they may write.
 */
can_write: boolean
/**
 * Whether they may invite.
 */
can_invite: boolean
/**
 * Whether they may remove others.
 */
can_kick: boolean
/**
 * Whether they may create tasks.
 */
can_create_tasks: boolean
/**
 * Who invited them.
 */
invited_by: (EntityId | null)
/**
 * When they were invited.
 */
invited_at: (string | null)
/**
 * When they joined; `null` while they are only invited.
 */
joined_at: (string | null)
}
export interface ChannelCreatedFrame {
/**
 * What kind of frame it is.
 */
type: "channel.created"
/**
 * Names the event. An event that is published again keeps its id.
 */
event_id: string
/**
 * The channel.
 */
channel_id: string
/**
 * The microDAO that the channel belongs to.
 */
microdao_id: MicrodaoId
/**
 * The event's number in its channel, without a hole. An `integration` event carries the number of the event that
 * it accompanies.
 */
seq: number
/**
 * The room behind the channel.
 */
matrix_room_id: string
/**
 * Who made the channel.
 */
created_by: EntityId
/**
 * Who may see the channel.
 */
visibility: Visibility
/**
 * The channel after the change.
 */
channel: Channel
/**
 * Who changed or archived the channel; absent from `.created`.
 */
actor_id?: EntityId
/**
 * How many members' roles or capabilities changed at once, when that are too many for an event each; only in
 * `.updated`. Who shows the members reads them again.
 */
members_changed?: number
}
export interface ChannelUpdatedFrame {
/**
 * What kind of frame it is.
 */
type: "channel.updated"
/**
 * Names the event. An event that is published again keeps its id.
 */
event_id: string
/**
 * The channel.
 */
channel_id: string
/**
 * The microDAO that the channel belongs to.
 */
microdao_id: MicrodaoId
/**
 * The event's number in its channel, without a hole. An `integration` event carries the number of the event that
 * it accompanies.
 */
seq: number
/**
 * The room behind the channel.
 */
matrix_room_id: string
/**
 * Who made the channel.
 */
created_by: EntityId
/**
 * Who may see the channel.
 */
visibility: Visibility
/**
 * The channel after the change.
 */
channel: Channel
/**
 * Who changed or archived the channel; absent from `.created`.
 */
actor_id?: EntityId
/**
 * How many members' roles or capabilities changed at once, when that are too many for an event each; only in
 * `.updated`. Who shows the members reads them again.
 */
members_changed?: number
}
export interface ErrorFrame {
/**
 * What kind of frame it is.
 */
type: "error"
/**
 * The channel as the client named it, at most 64 characters of it.
 */
channel_id: string
/**
 * Why.
 */
code: ErrorCode
}
export interface MemberInvitedFrame {
/**
 * What kind of frame it is.
 */
type: "member.invited"
/**
 * Names the event. An event that is published again keeps its id.
 */
event_id: string
/**
 * The channel.
 */
channel_id: string
/**
 * The microDAO that the channel belongs to.
 */
microdao_id: MicrodaoId
/**
 * The event's number in its channel, without a hole. An `integration` event carries the number of the event that
 * it accompanies.
 */
seq: number
/**
 * The member.
 */
member_id: EntityId
/**
 * Whether the member is a person or an agent.
 */
member_type: MemberType
/**
 * The member's role after the change, or the last one.
 */
role: Role
/**
 * Who invited the member; `null` when nobody did.
 */
invited_by: (EntityId | null)
/**
 * Who did it: the member in `.joined` and `.left`.
 */
actor_id: EntityId
/**
 * The membership after the change.
 */
member: Member
/**
 * They were banned, which need not have been members; only in `.kicked`.
 */
banned?: boolean
}
/**
 * Somebody's membership of a channel.
 */
export interface Member {
/**
 * The membership: it stays the same when they leave and come back.
 */
id: string
/**
 * The channel.
 */
channel_id: string
/**
 * Who it is.
 */
member_id: EntityId
/**
 * What it is.
 */
member_type: MemberType
/**
 * Their id in Matrix.
 */
matrix_user_id: string
/**
 * Their role.
 */
role: Role
/**
 * Whether they may read.
 */
can_read: boolean
/**
 * Whether they may write.
 */
can_write: boolean
/**
 * Whether they may invite.
 */
can_invite: boolean
/**
 * Whether they may remove others.
 */
can_kick: boolean
/**
 * Whether they may create tasks.
 */
can_create_tasks: boolean
/**
 * Their power level in the room.
 */
matrix_power_level: number
/**
 * Who invited them.
 */
invited_by: (EntityId | null)
/**
 * When they were invited; `null` when they came by themselves.
 */
invited_at: (string | null)
/**
 * Since when they are in; `null` while an invitation is not accepted.
 */
joined_at: (string | null)
/**
 * When they left.
 */
left_at: (string | null)
/**
 * When they were banned; they come back only by invitation.
 */
banned_at: (string | null)
/**
 * What they are called, in an event at that moment, else now; `null` when they have chosen no name, or were never in.
 */
display_name: (string | null)
/**
 * Their picture, an `mxc://` address.
 */
avatar_url: (string | null)
}
export interface MemberJoinedFrame {
/**
 * What kind of frame it is.
 */
type: "member.joined"
/**
 * Names the event. An event that is published again keeps its id.
 */
event_id: string
/**
 * The channel.
 */
channel_id: string
/**
 * The microDAO that the channel belongs to.
 */
microdao_id: MicrodaoId
/**
 * The event's number in its channel, without a hole. An `integration` event carries the number of the event that
 * it accompanies.
 */
seq: number
/**
 * The member.
 */
member_id: EntityId
/**
 * Whether the member is a person or an agent.
 */
member_type: MemberType
/**
 * The member's role after the change, or the last one.
 */
role: Role
/**
 * Who invited the member; `null` when nobody did.
 */
invited_by: (EntityId | null)
/**
 * Who did it: the member in `.joined` and `.left`.
 */
actor_id: EntityId
/**
 * The membership after the change.
 */
member: Member
/**
 * They were banned, which need not have been members; only in `.kicked`.
 */
banned?: boolean
}
export interface MemberKickedFrame {
/**
 * What kind of frame it is.
 */
type: "member.kicked"
/**
 * Names the event. An event that is published again keeps its id.
 */
event_id: string
/**
 * The channel.
 */
channel_id: string
/**
 * The microDAO that the channel belongs to.
 */
microdao_id: MicrodaoId
/**
 * The event's number in its channel, without a hole. An `integration` event carries the number of the event that
 * it accompanies.
 */
seq: number
/**
 * The member.
 */
member_id: EntityId
/**
 * Whether the member is a person or an agent.
 */
member_type: MemberType
/**
 * The member's role after the change, or the last one.
 */
role: Role
/**
 * Who invited the member; `null` when nobody did.
 */
invited_by: (EntityId | null)
/**
 * Who did it: the member in `.joined` and `.left`.
 */
actor_id: EntityId
/**
 * The membership after the change.
 */
member: Member
/**
 * They were banned, which need not have been members; only in `.kicked`.
 */
banned?: boolean
}
export interface MemberLeftFrame {
/**
 * What kind of frame it is.
 */
type: "member.left"
/**
 * Names the event. An event that is published again keeps its id.
 */
event_id: string
/**
 * The channel.
 */
channel_id: string
/**
 * The microDAO that the channel belongs to.
 */
microdao_id: MicrodaoId
/**
 * The event's number in its channel, without a hole. An `integration` event carries the number of the event that
 * it accompanies.
 */
seq: number
/**
 * The member.
 */
member_id: EntityId
/**
 * Whether the member is a person or an agent.
 */
member_type: MemberType
/**
 * The member's role after the change, or the last one.
 */
role: Role
/**
 * Who invited the member; `null` when nobody did.
 */
invited_by: (EntityId | null)
/**
 * Who did it: the member in `.joined` and `.left`.
 */
actor_id: EntityId
/**
 * The membership after the change.
 */
member: Member
/**
 * They were banned, which need not have been members; only in `.kicked`.
 */
banned?: boolean
}
export interface MemberRoleChangedFrame {
/**
 * What kind of frame it is.
 */
type: "member.role_changed"
/**
 * Names the event. An event that is published again keeps its id.
 */
event_id: string
/**
 * The channel.
 */
channel_id: string
/**
 * The microDAO that the channel belongs to.
 */
microdao_id: MicrodaoId
/**
 * The event's number in its channel, without a hole. An `integration` event carries the number of the event that
 * it accompanies.
 */
seq: number
/**
 * The member.
 */
member_id: EntityId
/**
 * Whether the member is a person or an agent.
 */
member_type: MemberType
/**
 * The member's role after the change, or the last one.
 */
role: Role
/**
 * Who invited the member; `null` when nobody did.
 */
invited_by: (EntityId | null)
/**
 * Who did it: the member in `.joined` and `.left`.
 */
actor_id: EntityId
/**
 * The membership after the change.
 */
member: Member
/**
 * They were banned, which need not have been members; only in `.kicked`.
 */
banned?: boolean
}
export interface MembershipFrame {
/**
 * What kind of frame it is.
 */
type: "membership"
/**
 * The channel.
 */
channel_id: string
/**
 * The event's number in its channel. Subscribe with it as `since_seq` to get what comes after. It is no number
 * of the socket's own subscriptions: a socket that is not subscribed to the channel misses nothing by a hole.
 */
seq: number
/**
 * The event, as the channel's subscribers get it.
 */
event: MembershipEvent
/**
 * The channel as it is when the frame is sent; absent when the caller may not know of it any more.
 */
channel?: Channel
}
export interface MessageCreatedFrame {
/**
 * What kind of frame it is.
 */
type: "message.created"
/**
 * Names the event.
 */
event_id: string
/**
 * The channel.
 */
channel_id: string
/**
 * The event's number in its channel. Only in `message.created` is it the message's own, too.
 */
seq: number
/**
 * The message after the change.
 */
message: Message
}
export interface MessageDeletedFrame {
/**
 * What kind of frame it is.
 */
type: "message.deleted"
/**
 * Names the event.
 */
event_id: string
/**
 * The channel.
 */
channel_id: string
/**
 * The event's number in its channel. Only in `message.created` is it the message's own, too.
 */
seq: number
/**
 * The message after the change.
 */
message: Message
}
export interface MessagePinnedFrame {
/**
 * What kind of frame it is.
 */
type: "message.pinned"
/**
 * Names the event. An event that is published again keeps its id.
 */
event_id: string
/**
 * The channel.
 */
channel_id: string
/**
 * The microDAO that the channel belongs to.
 */
microdao_id: MicrodaoId
/**
 * The event's number in its channel, without a hole. An `integration` event carries the number of the event that
 * it accompanies.
 */
seq: number
/**
 * The message.
 */
message_id: string
/**
 * Who did it.
 */
actor_id: EntityId
}
export interface MessagePreviewFrame {
/**
 * What kind of frame it is.
 */
type: "message.preview"
/**
 * Names the event.
 */
event_id: string
/**
 * The channel.
 */
channel_id: string
/**
 * The event's number in its channel.
 */
seq: number
/**
 * The message.
 */
message_id: string
/**
 * What its links show.
 * 
 * @maxItems 3
 */
previews: Preview[]
/**
 * Who removed one; absent when one has come.
 */
actor_id?: EntityId
}
export interface MessageUnpinnedFrame {
/**
 * What kind of frame it is.
 */
type: "message.unpinned"
/**
 * Names the event. An event that is published again keeps its id.
 */
event_id: string
/**
 * The channel.
 */
channel_id: string
/**
 * The microDAO that the channel belongs to.
 */
microdao_id: MicrodaoId
/**
 * The event's number in its channel, without a hole. An `integration` event carries the number of the event that
 * it accompanies.
 */
seq: number
/**
 * The message.
 */
message_id: string
/**
 * Who did it.
 */
actor_id: EntityId
}
export interface MessageUpdatedFrame {
/**
 * What kind of frame it is.
 */
type: "message.updated"
/**
 * Names the event.
 */
event_id: string
/**
 * The channel.
 */
channel_id: string
/**
 * The event's number in its channel. Only in `message.created` is it the message's own, too.
 */
seq: number
/**
 * The message after the change.
 */
message: Message
}
export interface ProfileUpdatedFrame {
/**
 * What kind of frame it is.
 */
type: "profile.updated"
/**
 * The channel.
 */
channel_id: string
/**
 * Who it is.
 */
member_id: EntityId
/**
 * What they are called now; `null` when they have no name any more.
 */
display_name: (string | null)
/**
 * Their picture, an `mxc://` address.
 */
avatar_url: (string | null)
}
export interface ReactionAddedFrame {
/**
 * What kind of frame it is.
 */
type: "reaction.added"
/**
 * Names the event. An event that is published again keeps its id.
 */
event_id: string
/**
 * The channel.
 */
channel_id: string
/**
 * The microDAO that the channel belongs to.
 */
microdao_id: MicrodaoId
/**
 * The event's number in its channel, without a hole. An `integration` event carries the number of the event that
 * it accompanies.
 */
seq: number
/**
 * The message.
 */
message_id: string
/**
 * Who reacted.
 */
reactor_id: EntityId
/**
 * The reaction.
 */
emoji: string
}
export interface ReactionRemovedFrame {
/**
 * What kind of frame it is.
 */
type: "reaction.removed"
/**
 * Names the event. An event that is published again keeps its id.
 */
event_id: string
/**
 * The channel.
 */
channel_id: string
/**
 * The microDAO that the channel belongs to.
 */
microdao_id: MicrodaoId
/**
 * The event's number in its channel, without a hole. An `integration` event carries the number of the event that
 * it accompanies.
 */
seq: number
/**
 * The message.
 */
message_id: string
/**
 * Who reacted.
 */
reactor_id: EntityId
/**
 * The reaction.
 */
emoji: string
}
export interface ReceiptUpdatedFrame {
/**
 * What kind of frame it is.
 */
type: "receipt.updated"
/**
 * The channel.
 */
channel_id: string
/**
 * Who.
 */
member_id: EntityId
/**
 * Up to which number. Frames may overtake each other: the largest one counts.
 */
read_seq: number
/**
 * The root of the thread that they have read; absent when it is the channel, apart from its threads.
 */
thread_id?: string
}
export interface ReceiptsFrame {
/**
 * What kind of frame it is.
 */
type: "receipts"
/**
 * The channel.
 */
channel_id: string
/**
 * Those who show it.
 * 
 * @maxItems 100
 */
receipts: Receipt[]
}
/**
 * How far somebody shows that they have read a channel.
 */
export interface Receipt {
/**
 * Who.
 */
member_id: EntityId
/**
 * Up to which number.
 */
read_seq: number
}
export interface ReloadFrame {
/**
 * What kind of frame it is.
 */
type: "reload"
/**
 * The channel.
 */
channel_id: string
/**
 * The number behind which the frames go on.
 */
seq: number
}
export interface SubscribedFrame {
/**
 * What kind of frame it is.
 */
type: "subscribed"
/**
 * The channel.
 */
channel_id: string
/**
 * The number of the channel's last event; of the last frame when the socket has the channel already.
 */
seq: number
}
export interface TypingFrame {
/**
 * What kind of frame it is.
 */
type: "typing"
/**
 * The channel.
 */
channel_id: string
/**
 * Who types at the moment, at most 50 of them, the client's own caller too; empty when the last one stopped. The list
 * comes anew whenever it changes, also when somebody's 10 seconds are over. A frame may be lost, so a client forgets a
 * typist of whom it heard nothing for 60 seconds.
 * 
 * @maxItems 50
 */
member_ids: EntityId[]
}
export interface UnreadUpdatedFrame {
/**
 * What kind of frame it is.
 */
type: "unread.updated"
/**
 * The channel.
 */
channel_id: string
/**
 * Up to this number the caller has read it, apart from its threads; `null`: they have no marker, and nothing is unread.
 */
read_seq: (number | null)
/**
 * The others' messages behind it, without deleted ones and replies in threads. 100 stands for any number from 100 on.
 */
unread_count: number
/**
 * The others' messages behind it that name the caller or everybody, also in threads. 100 stands for any number from
 * 100 on.
 */
mention_count: number
/**
 * Whether the caller has marked it as unread by hand since they read it.
 */
marked_unread: boolean
/**
 * Whether what is unread is left out of the caller's total.
 */
muted: boolean
/**
 * When one of these last changed but for the counts. Of two of them the later one counts.
 */
updated_at: (string | null)
}
export interface UnsubscribedFrame {
/**
 * What kind of frame it is.
 */
type: "unsubscribed"
/**
 * The channel.
 */
channel_id: string
}
/**
 * Subscribes to channels and leaves them, and says that the caller types, on the socket for many channels. Whatever else
 * the text says is ignored.
 */
export interface ClientMessage {
/**
 * Channels to subscribe to, after those to leave.
 */
subscribe?: Subscribe[]
/**
 * Channels to leave.
 */
unsubscribe?: Unsubscribe[]
/**
 * That the caller types in a channel, or has stopped: as `PUT …/typing` over REST. Nothing is answered; what the caller
 * may not say is ignored.
 */
typing?: TypingCommand
[k: string]: unknown
}
/**
 * Who types, and where.
 */
export interface TypingCommand {
/**
 * The channel. The socket need not be subscribed to it.
 */
channel_id: string
/**
 * Whether the caller types. It ends by itself after 10 seconds, so it is repeated every few seconds.
 */
typing: boolean
[k: string]: unknown
}
