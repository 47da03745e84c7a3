/** What the page asks the service for. */

import { service } from "./service";
import type { Channel, Member, Message } from "./types";

/** Members that are read; a list of more would help nobody. */
const MEMBERS = 2_000;

export const api = {
  channels: (query: { joined?: boolean; order?: "activity" | "created" }, most: number): Promise<Channel[]> =>
    service().core.api.listChannels({ ...query, limit: 200 }).all(most),
  channel: (id: string): Promise<Channel> => service().core.api.getChannel(id),
  messages: async (id: string, page: { limit: number; before?: number; content?: boolean }): Promise<Message[]> => {
    const { limit, before, content } = page;
    const query = {
      limit,
      ...(before !== undefined && { before: String(before) }),
      ...(content === true && { include: "content" as const }),
    };
    return (await service().core.api.listMessages(id, query).first()).items;
  },
  message: (channel: string, id: string): Promise<Message> => service().core.api.getMessage(channel, id),
  replies: async (channel: string, id: string): Promise<Message[]> =>
    (await service().core.api.listReplies(channel, id, { limit: 200 }).first()).items,
  members: (id: string): Promise<Member[]> => service().core.api.listMembers(id, { limit: 200 }).all(MEMBERS),
  pins: (id: string): Promise<Message[]> => service().core.api.listPins(id),
  receipts: async (id: string) => (await service().core.api.listReceipts(id)).receipts,
  profile: (id: string) => service().core.api.getProfile(id),
};
