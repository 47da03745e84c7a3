/** The operations of the REST API, each under its `operationId`. */

import type { Progress } from "../environment.js";
import type {
  ChangeChannel,
  ChangeMember,
  ChangeProfile,
  Channel,
  ChannelReceipts,
  CreateChannel,
  EditMessage,
  Found,
  Hit,
  InviteMember,
  MarkRead,
  Member,
  Message,
  MessageWithContent,
  Profile,
  Query,
  Reaction,
  Reading,
  SendMessage,
  SignedUrl,
  Unread,
  UploadedFile,
} from "../types.js";
import { link, Pages } from "./pages.js";
import type { Call, CallOptions, Reply, Requests } from "./request.js";

export interface UploadOptions extends CallOptions {
  /** What it is called; a `File` brings its own name. */
  filename?: string;
  progress?: Progress;
}

export interface MediaOptions extends CallOptions {
  /** A part of it, such as `bytes=0-1023`. */
  range?: string;
}

const ROOT = "/api/messaging";
const CHANNELS = `${ROOT}/channels`;

/**
 * Every method throws a `ProblemError` when the service refuses, and a `NetworkError` when no response came. Writes carry
 * an `Idempotency-Key` that is made once for a call, so whatever fails in between they are carried out once.
 */
export class Api {
  constructor(readonly requests: Requests) {}

  listChannels(query: Query<"listChannels"> = {}, options?: CallOptions): Pages<Channel> {
    return this.#pages(CHANNELS, query, options);
  }

  createChannel(body: CreateChannel, options?: CallOptions): Promise<Channel> {
    return this.#write("POST", CHANNELS, body, options);
  }

  getChannel(channel: string, options?: CallOptions): Promise<Channel> {
    return this.#get(at(channel), undefined, options);
  }

  changeChannel(channel: string, body: ChangeChannel, options?: CallOptions): Promise<Channel> {
    return this.#write("PATCH", at(channel), body, options);
  }

  archiveChannel(channel: string, options?: CallOptions): Promise<void> {
    return this.#done("DELETE", at(channel), options);
  }

  /** Newest first. */
  listMessages(channel: string, query: Query<"listMessages"> = {}, options?: CallOptions): Pages<Message> {
    return this.#pages(at(channel, "messages"), query, options);
  }

  sendMessage(channel: string, body: SendMessage, options?: CallOptions): Promise<Message> {
    return this.#write("POST", at(channel, "messages"), body, options);
  }

  /** With its whole text, which is cut on pages and in events (`truncated`). */
  getMessage(channel: string, message: string, options?: CallOptions): Promise<MessageWithContent> {
    return this.#get(at(channel, "messages", message), undefined, options);
  }

  editMessage(channel: string, message: string, body: EditMessage, options?: CallOptions): Promise<Message> {
    return this.#write("PATCH", at(channel, "messages", message), body, options);
  }

  deleteMessage(channel: string, message: string, options?: CallOptions): Promise<void> {
    return this.#done("DELETE", at(channel, "messages", message), options);
  }

  /** Newest first: what is in the thread under it, and what replies to it elsewhere. */
  listReplies(channel: string, message: string, query: Query<"listReplies"> = {}, options?: CallOptions): Pages<Message> {
    return this.#pages(at(channel, "messages", message, "replies"), query, options);
  }

  listReactions(channel: string, message: string, options?: CallOptions): Promise<Reaction[]> {
    return this.#get(at(channel, "messages", message, "reactions"), undefined, options);
  }

  addReaction(channel: string, message: string, emoji: string, options?: CallOptions): Promise<void> {
    return this.#done("PUT", at(channel, "messages", message, "reactions", emoji), options);
  }

  removeReaction(channel: string, message: string, emoji: string, options?: CallOptions): Promise<void> {
    return this.#done("DELETE", at(channel, "messages", message, "reactions", emoji), options);
  }

  removePreview(channel: string, message: string, preview: string, options?: CallOptions): Promise<void> {
    return this.#done("DELETE", at(channel, "messages", message, "previews", preview), options);
  }

  /** Up to a message or number, everything when the body names neither. */
  markRead(channel: string, body: MarkRead = {}, options?: CallOptions): Promise<Reading> {
    return this.#write("PUT", at(channel, "read"), body, options);
  }

  markUnread(channel: string, options?: CallOptions): Promise<Reading> {
    return this.#write("PUT", at(channel, "unread"), undefined, options);
  }

  muteChannel(channel: string, muted: boolean, options?: CallOptions): Promise<Reading> {
    return this.#write("PUT", at(channel, "muted"), { muted }, options);
  }

  listReceipts(channel: string, query: Query<"listReceipts"> = {}, options?: CallOptions): Promise<ChannelReceipts> {
    return this.#get(at(channel, "receipts"), query, options);
  }

  getUnread(options?: CallOptions): Promise<Unread> {
    return this.#get(`${ROOT}/unread`, undefined, options);
  }

  /** The messages with a thread under them; the one with the newest reply first. */
  listThreads(channel: string, query: Query<"listThreads"> = {}, options?: CallOptions): Pages<Message> {
    return this.#pages(at(channel, "threads"), query, options);
  }

  followThread(channel: string, message: string, options?: CallOptions): Promise<void> {
    return this.#done("PUT", at(channel, "threads", message, "following"), options);
  }

  unfollowThread(channel: string, message: string, options?: CallOptions): Promise<void> {
    return this.#done("DELETE", at(channel, "threads", message, "following"), options);
  }

  listPins(channel: string, options?: CallOptions): Promise<Message[]> {
    return this.#get(at(channel, "pins"), undefined, options);
  }

  pinMessage(channel: string, message: string, options?: CallOptions): Promise<void> {
    return this.#done("PUT", at(channel, "pins", message), options);
  }

  unpinMessage(channel: string, message: string, options?: CallOptions): Promise<void> {
    return this.#done("DELETE", at(channel, "pins", message), options);
  }

  /** One page of what is found; `query.cursor` is the `next` of the page before. */
  searchMessages(query: Query<"searchMessages">, options?: CallOptions): Promise<Found> {
    return this.#get(`${ROOT}/search`, query, options);
  }

  /** Everything that is found, a page read when it is needed. */
  async *searchHits(query: Query<"searchMessages">, options?: CallOptions): AsyncGenerator<Hit, void, undefined> {
    for (let found = await this.searchMessages(query, options); ; ) {
      yield* found.hits;
      if (found.next === null) return;
      found = await this.searchMessages({ ...query, cursor: found.next }, options);
    }
  }

  listMembers(channel: string, query: Query<"listMembers"> = {}, options?: CallOptions): Pages<Member> {
    return this.#pages(at(channel, "members"), query, options);
  }

  inviteMember(channel: string, body: InviteMember, options?: CallOptions): Promise<Member> {
    return this.#write("POST", at(channel, "members"), body, options);
  }

  joinChannel(channel: string, options?: CallOptions): Promise<Member> {
    return this.#write("PUT", at(channel, "members", "me"), undefined, options);
  }

  changeMember(channel: string, member: string, body: ChangeMember, options?: CallOptions): Promise<Member> {
    return this.#write("PATCH", at(channel, "members", member), body, options);
  }

  /** `me` leaves. */
  removeMember(channel: string, member: string, query: Query<"removeMember"> = {}, options?: CallOptions): Promise<void> {
    return this.#done("DELETE", at(channel, "members", member), options, query);
  }

  /** Uploads a file; a message then names its `content_uri`. */
  async uploadFile(channel: string, content: Blob, options: UploadOptions = {}): Promise<UploadedFile> {
    const filename = options.filename ?? (content as { name?: string }).name;
    const call: Call = {
      ...options,
      method: "POST",
      path: at(channel, "files"),
      query: { filename },
      headers: { "Content-Type": content.type === "" ? "application/octet-stream" : content.type },
      file: { content, progress: options.progress ?? (() => undefined) },
    };
    return this.requests.json(call);
  }

  /** What an `mxc://` address stands for. For `<img>` and the like there is `Media`. */
  async downloadMedia(uri: string, { range, ...options }: MediaOptions = {}): Promise<Blob> {
    const headers: Record<string, string> = range === undefined ? {} : { Range: range };
    return (await this.#read(media(uri), undefined, options, headers)).body;
  }

  async downloadThumbnail(uri: string, query: Query<"downloadThumbnail">, options?: CallOptions): Promise<Blob> {
    return (await this.#read(`${media(uri)}/thumbnail`, query, options)).body;
  }

  signMediaUrl(uri: string, options?: CallOptions): Promise<SignedUrl> {
    return this.#get(`${media(uri)}/url`, undefined, options);
  }

  async signMediaUrls(uris: string[], options?: CallOptions): Promise<SignedUrl[]> {
    const call: Call = { ...options, method: "POST", path: `${ROOT}/media/urls`, body: { content_uris: uris } };
    return (await this.requests.json<{ urls: SignedUrl[] }>(call)).urls;
  }

  /** `me` is the caller. */
  getProfile(member: string, options?: CallOptions): Promise<Profile> {
    return this.#get(profile(member), undefined, options);
  }

  changeProfile(member: string, body: ChangeProfile, options?: CallOptions): Promise<Profile> {
    return this.#write("PUT", profile(member), body, options);
  }

  /** Of the moment, so it is not tried again. */
  async setTyping(channel: string, typing: boolean, options?: CallOptions): Promise<void> {
    await this.requests.send({ ...options, method: "PUT", path: at(channel, "typing"), body: { typing }, attempts: 1 });
  }

  #pages<T>(path: string, query: object, options: CallOptions | undefined): Pages<T> {
    return new Pages(async (next) => {
      const reply = await this.#read(next ?? path, next === undefined ? query : undefined, options);
      const items = JSON.parse(await reply.body.text()) as T[];
      return { items, next: link(reply.headers.get("link"), "next") };
    });
  }

  #read(path: string, query?: object, options?: CallOptions, headers: Record<string, string> = {}): Promise<Reply> {
    return this.requests.send({ ...options, method: "GET", path, query, headers });
  }

  #get<T>(path: string, query: object | undefined, options: CallOptions | undefined): Promise<T> {
    return this.requests.json({ ...options, method: "GET", path, query });
  }

  #write<T>(method: Call["method"], path: string, body: unknown, options: CallOptions | undefined): Promise<T> {
    return this.requests.json({ ...options, method, path, body });
  }

  async #done(method: Call["method"], path: string, options: CallOptions | undefined, query?: object): Promise<void> {
    await this.requests.send({ ...options, method, path, query });
  }
}

function at(channel: string, ...rest: string[]): string {
  return [CHANNELS, ...[channel, ...rest].map(encodeURIComponent)].join("/");
}

function profile(member: string): string {
  return `${ROOT}/profiles/${encodeURIComponent(member)}`;
}

function media(uri: string): string {
  const [, server, id] = /^mxc:\/\/([^/]+)\/([^/?#]+)$/.exec(uri) ?? [];
  if (server === undefined || id === undefined) throw new TypeError(`${uri} is no mxc:// address`);
  return `${ROOT}/media/${encodeURIComponent(server)}/${encodeURIComponent(id)}`;
}
