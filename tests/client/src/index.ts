/** The reference client of DAARION Messaging's WebSockets. */

export { ChannelClient } from "./channel.js";
export { MessagingClient } from "./client.js";
export type { Lost } from "./close.js";
export type { Environment, Socket } from "./environment.js";
export type * from "./frames.js";
export type { Status } from "./link.js";
export type { ClientOptions } from "./options.js";
export { Rest, RestError } from "./rest.js";
export {
  type ChannelHandlers,
  type Snapshot,
  type Subscription,
  type SubscriptionOptions,
} from "./subscription.js";
export type { TokenSource } from "./token.js";
export { ChannelView } from "./view.js";
