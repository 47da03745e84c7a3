/** A channel as REST shows it, read so that it fits what the stream tells. */

import type { Api } from "../api/api.js";
import { ProblemError } from "../api/problem.js";
import type { Channel, Member, Message, Reaction } from "../types.js";

/** Messages of a page, and of one that has their content. */
const PAGE = 200;
const CONTENT_PAGE = 50;
/** Members that are read. */
const MEMBERS = 100_000;

export interface Snapshot {
  channel: Channel;
  /** Those who are in or invited. */
  members: Member[];
  /** Oldest first; how far back is the application's choice. */
  messages: Message[];
  /** Whether there are no older ones. */
  isComplete: boolean;
  /** By message; only when the application wants them. */
  reactions: Map<string, Reaction[]>;
}

export interface SnapshotOptions {
  /** Messages of the first snapshot, up to 200. A later one goes back as far as the application has come. */
  messages?: number;
  /** How far that is at most; then what is older is left out. 100,000 where nothing else is said. */
  keep?: number;
  /** Whether messages have their whole text and HTML. */
  content?: boolean;
  /** Whether snapshots have who reacted, which takes a request for each message. */
  reactions?: boolean;
  /** Whether the channel's row is all that is wanted. */
  rowOnly?: boolean;
}

/** Its caller tries again itself. */
const ONCE = { attempts: 1 };

/** Reads the newest messages, or all from `oldest` on. */
export async function readSnapshot(api: Api, id: string, options: SnapshotOptions, oldest?: number): Promise<Snapshot> {
  if (options.rowOnly === true) {
    const channel = await api.getChannel(id, ONCE);
    return { channel, members: [], messages: [], isComplete: false, reactions: new Map() };
  }
  const wanted = oldest === undefined ? (options.messages ?? 50) : (options.keep ?? 100_000);
  const { messages, isComplete } = await readBack(api, id, options, wanted, oldest);
  // The messages were read before all else, so the newest one's number is known to everything in the snapshot.
  const [channel, members] = await Promise.all([api.getChannel(id, ONCE), api.listMembers(id, { limit: PAGE }, ONCE).all(MEMBERS)]);
  const kept = messages.filter((message) => message.deleted_at === null);
  const reactions = new Map<string, Reaction[]>();
  if (options.reactions === true) {
    for (const message of kept) reactions.set(message.id, await readReactions(api, id, message.id));
  }
  return { channel, members, messages: kept, isComplete, reactions };
}

/** Messages from the newest on, or those next to `before`, oldest first: up to `count` of them, or down to `oldest`. */
export async function readBack(
  api: Api,
  id: string,
  { content }: SnapshotOptions,
  count: number,
  oldest = 1,
  before?: number,
): Promise<{ messages: Message[]; isComplete: boolean }> {
  const messages: Message[] = [];
  const most = content === true ? CONTENT_PAGE : PAGE;
  let bound = before;
  for (;;) {
    const limit = Math.min(count - messages.length, most);
    const query = { limit, ...(bound === undefined ? {} : { before: String(bound) }), ...(content === true ? { include: "content" as const } : {}) };
    const { items } = await api.listMessages(id, query, ONCE).first();
    messages.push(...items);
    bound = items.at(-1)?.seq;
    // Fewer than that are all that there are.
    const isComplete = items.length < limit;
    if (isComplete || bound === undefined || bound <= oldest || messages.length >= count) {
      return { messages: messages.filter(({ seq }) => seq >= oldest).reverse(), isComplete };
    }
  }
}

/** A message that was deleted a moment ago has none. */
async function readReactions(api: Api, id: string, message: string): Promise<Reaction[]> {
  return api.listReactions(id, message, ONCE).catch((error: unknown) => {
    if (error instanceof ProblemError && error.status === 404) return [];
    throw error;
  });
}
