/** A socket for one channel alone, for programs that follow no more than that. */

export { ChannelStream } from "./stream/channel_stream.js";
