/** The rows of the contract under short names; what each field means is in `generated/openapi.ts`. */

import type { components, operations, ProblemCode } from "./generated/openapi.js";

export type { ProblemCode };
export type Schemas = components["schemas"];

export type Channel = Schemas["Channel"];
export type Membership = Schemas["Membership"];
export type Member = Schemas["Member"];
/**
 * A message, wherever it comes from. `reactions`, `thread` and `poll` come with pages; `text`, `formatted_body` and
 * `content`, which are whole, with pages that were asked for them (`include: "content"`).
 */
export type Message = Schemas["MessageOnPage"];
export type MessageWithContent = Schemas["MessageWithContent"];
export type Reaction = Schemas["Reaction"];
export type ReactionCount = Schemas["ReactionCount"];
export type Thread = Schemas["Thread"];
export type Preview = Schemas["Preview"];
export type Poll = Schemas["Poll"];
export type Profile = Schemas["Profile"];
export type Reading = Schemas["Reading"];
export type Unread = Schemas["Unread"];
export type ChannelReceipts = Schemas["ChannelReceipts"];
export type Found = Schemas["Found"];
export type Hit = Schemas["Hit"];
export type UploadedFile = Schemas["UploadedFile"];
export type SignedUrl = Schemas["SignedUrl"];
export type FieldError = Schemas["FieldError"];
export type SendMessage = Schemas["SendMessage"];
export type EditMessage = Schemas["EditMessage"];
export type CreateChannel = Schemas["CreateChannel"];
export type ChangeChannel = Schemas["ChangeChannel"];
export type InviteMember = Schemas["InviteMember"];
export type ChangeMember = Schemas["ChangeMember"];
export type ChangeProfile = Schemas["ChangeProfile"];
export type MarkRead = Schemas["MarkRead"];

/** The parameters behind an operation's `?`. */
export type Query<Name extends keyof operations> = NonNullable<operations[Name]["parameters"]["query"]>;
