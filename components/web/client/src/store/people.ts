/** Who is in a channel, and what everybody is called now. */

import type { MemberEvent, ProfileUpdated } from "../stream/frames.js";
import type { Member, Message } from "../types.js";

export interface Name {
  display_name: string | null;
  avatar_url: string | null;
}

export class People {
  #members = new Map<string, Member>();
  readonly #names = new Map<string, Name>();

  /** Those who are in or invited, by who they are. */
  get members(): ReadonlyMap<string, Member> {
    return this.#members;
  }

  /** What somebody is called, also one who has left; `undefined` when nothing has told it. */
  name(member: string): Name | undefined {
    return this.#names.get(member);
  }

  reset(members: readonly Member[]): void {
    this.#members = new Map(members.map((member) => [member.member_id, member]));
    for (const member of members) this.#names.set(member.member_id, member);
  }

  /** Who is in or invited is a member; rights can also be changed of somebody who is neither. */
  changed({ member }: MemberEvent): void {
    const isMember = member.left_at === null && (member.joined_at !== null || member.invited_at !== null);
    this.#members = new Map(this.#members);
    if (isMember) this.#members.set(member.member_id, member);
    else this.#members.delete(member.member_id);
    if (isMember) this.#names.set(member.member_id, member);
  }

  /** A message tells its sender's name; what was told of them themselves counts more. */
  seen({ sender_id, sender_name, sender_avatar_url }: Message): void {
    if (!this.#names.has(sender_id)) this.#names.set(sender_id, { display_name: sender_name, avatar_url: sender_avatar_url });
  }

  renamed({ member_id, display_name, avatar_url }: ProfileUpdated): void {
    this.#names.set(member_id, { display_name, avatar_url });
    const member = this.#members.get(member_id);
    if (member === undefined) return;
    this.#members = new Map(this.#members).set(member_id, { ...member, display_name, avatar_url });
  }
}
