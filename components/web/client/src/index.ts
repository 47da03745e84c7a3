/** The client of DAARION Messaging: REST, live channels, and what a messenger draws. */

export { Api, type MediaOptions, type UploadOptions } from "./api/api.js";
export { Media, type Thumbnail } from "./api/media.js";
export { type Page, Pages } from "./api/pages.js";
export { NetworkError, ProblemError } from "./api/problem.js";
export type { CallOptions } from "./api/request.js";
export { MessagingClient, type MessagingOptions } from "./client.js";
export type { Environment, Progress, Socket, Upload } from "./environment.js";
export type { ClientOptions, StreamOptions } from "./options.js";
export { ChannelList } from "./store/channel_list.js";
export { ChannelStore, type ChannelStatus, type ChannelStoreOptions } from "./store/channel_store.js";
export type { GapItem, Item, MessageItem } from "./store/items.js";
export type { Outbox, Queued, SendState } from "./store/outbox.js";
export type { Name } from "./store/people.js";
export type { Marks } from "./store/reading.js";
export { type QueueStorage, webStorage } from "./store/storage.js";
export type { ThreadStore } from "./store/thread_store.js";
export type { Gap } from "./store/timeline.js";
export type { Lost } from "./stream/close.js";
export type * from "./stream/frames.js";
export type { Status } from "./stream/link.js";
export type { Snapshot, SnapshotOptions } from "./stream/snapshot.js";
export { MessagingStream } from "./stream/stream.js";
export type { ChannelHandlers, Subscription, SubscriptionOptions } from "./stream/subscription.js";
export type { TokenSource } from "./token.js";
export type * from "./types.js";
