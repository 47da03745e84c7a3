// Generated from the service's documents by `npm run generate`; not to be edited.

export interface paths {
    "/api/messaging/channels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List channels
         * @description Without those that are archived; newest first, or by activity. A page ends where `Link` says. By activity a channel in which somebody writes goes to the top, and never down: from page to page none comes twice, and what has moved meanwhile is on a new first page.
         *
         *     **Who**: anybody identified; they get what they may see.
         */
        get: operations["listChannels"];
        put?: never;
        /**
         * Create a channel
         * @description Makes the Matrix room and the channel; the caller owns it. A direct channel (`is_direct` with `members`) is private, and a pair has only one: asked for again, it is found and not made, people who have left it are back, and one that was archived is open again when one of its owners asks.
         *
         *     **Who**: members of the microDAO; agents only direct channels.
         */
        post: operations["createChannel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messaging/channels/{channel_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a channel
         * @description **Who**: who may see the channel, and services of the platform.
         */
        get: operations["getChannel"];
        put?: never;
        post?: never;
        /**
         * Archive a channel
         * @description It stays readable, takes no more writes and leaves the lists.
         *
         *     **Who**: owners and admins of the channel.
         */
        delete: operations["archiveChannel"];
        options?: never;
        head?: never;
        /**
         * Change a channel
         * @description The room's name, topic, avatar and visibility follow. `archived: false` opens an archived channel and its room again; what was said in the room meanwhile need not be in it.
         *
         *     **Who**: owners and admins of the channel.
         */
        patch: operations["changeChannel"];
        trace?: never;
    };
    "/api/messaging/channels/{channel_id}/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Upload a file for a channel
         * @description The body is the file itself, with its `Content-Type` and `Content-Length`, or a form (`multipart/form-data`) whose last part is the file. It goes through to the homeserver as it comes. What it is is told by its first bytes; what is declared counts when it agrees. Nobody sees it before it is sent: a message names it by `content_uri`. With an `Idempotency-Key` the same file is uploaded once.
         *
         *     **Who**: who may write in the channel: anybody identified (public), the microDAO's and the channel's members (microdao), members (private, direct), unless `can_write` was taken from them. A writer who is not a member yet joins by writing, except agents, which have to be invited.
         */
        post: operations["uploadFile"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messaging/channels/{channel_id}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List members
         * @description Those who are in or invited, in a fixed order. A page ends where `Link` says.
         *
         *     **Who**: who may see the channel, and services of the platform.
         */
        get: operations["listMembers"];
        put?: never;
        /**
         * Invite a member
         * @description Agents are in at once, and users whom the microDAO knows: members of one of its channels, or of a closed channel that the caller is in too. Everybody else is invited, and comes by joining or writing, as does who has left by themselves. Inviting a member again, just as they are, changes nothing.
         *
         *     **Who**: members with `can_invite`, up to their own role and capabilities.
         */
        post: operations["inviteMember"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messaging/channels/{channel_id}/members/{member_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Join a channel
         * @description Only `me` can be put. Joining again changes nothing.
         *
         *     **Who**: who may see the channel and is no agent.
         */
        put: operations["joinChannel"];
        post?: never;
        /**
         * Leave, or remove a member
         * @description Leaves when it is oneself, removes somebody else otherwise. With `ban` they stay out, on whatever way in, until a member with `can_kick` invites them; also somebody who is no member at the moment or never was. Again, by whoever has done it, changes nothing.
         *
         *     **Who**: anybody for themselves; members with `can_kick` for those below their role.
         */
        delete: operations["removeMember"];
        options?: never;
        head?: never;
        /**
         * Change a member's role and capabilities
         * @description A new role brings its capabilities with it, unless they are named too. The power level in the room follows. Of somebody who is no member at the moment, `can_read` and `can_write` can be changed: that counts when they come.
         *
         *     **Who**: owners and admins of the channel, up to their own role and capabilities.
         */
        patch: operations["changeMember"];
        trace?: never;
    };
    "/api/messaging/channels/{channel_id}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Page through messages
         * @description Newest first, those in threads too. Deleted messages are left out unless `deleted` asks for them. `include=content` adds what `GET` of each message tells, of up to 50 messages; where Matrix does not respond in time, the text is the index's.
         *
         *     **Who**: who may read the channel: anybody identified (public), the microDAO's and the channel's members (microdao), members with `can_read` (private, direct).
         */
        get: operations["listMessages"];
        put?: never;
        /**
         * Send a message
         * @description In an encrypted channel `encrypted` takes the place of `text`.
         *
         *     **Who**: who may write in the channel: anybody identified (public), the microDAO's and the channel's members (microdao), members (private, direct), unless `can_write` was taken from them. A writer who is not a member yet joins by writing, except agents, which have to be invited.
         */
        post: operations["sendMessage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messaging/channels/{channel_id}/messages/{message_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a message
         * @description With its full content from Matrix, edits applied. A deleted message stays as a row without its content, with `deleted_at`.
         *
         *     **Who**: who may read the channel: anybody identified (public), the microDAO's and the channel's members (microdao), members with `can_read` (private, direct).
         */
        get: operations["getMessage"];
        put?: never;
        post?: never;
        /**
         * Delete a message
         * @description Redacts it in the room; the index forgets its text. Senders may delete their own also after they have left, and in an archived channel.
         *
         *     **Who**: its sender, admins and owners of the channel who may read it.
         */
        delete: operations["deleteMessage"];
        options?: never;
        head?: never;
        /**
         * Edit a message
         * @description Replaces the whole text; what the message replies to, and its file, stay. In an encrypted channel `encrypted` takes the place of `text`.
         *
         *     **Who**: its sender, as a member with `can_write`.
         */
        patch: operations["editMessage"];
        trace?: never;
    };
    "/api/messaging/channels/{channel_id}/messages/{message_id}/previews/{preview_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove what a link shows
         * @description For everybody. The link stays in the text, and an edit that keeps it does not bring the preview back. Senders may remove those of their own messages also after they have left, and in an archived channel.
         *
         *     **Who**: the sender of the message, admins and owners of the channel who may read it.
         */
        delete: operations["removePreview"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messaging/channels/{channel_id}/messages/{message_id}/reactions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the reactions to a message
         * @description In the order in which each emoji was first used.
         *
         *     **Who**: who may read the channel: anybody identified (public), the microDAO's and the channel's members (microdao), members with `can_read` (private, direct).
         */
        get: operations["listReactions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messaging/channels/{channel_id}/messages/{message_id}/reactions/{emoji}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * React to a message
         * @description Reacting so again changes nothing. A message has at most 100 different emoji and 20 reactions of one person.
         *
         *     **Who**: who may write in the channel: anybody identified (public), the microDAO's and the channel's members (microdao), members (private, direct), unless `can_write` was taken from them. A writer who is not a member yet joins by writing, except agents, which have to be invited.
         */
        put: operations["addReaction"];
        post?: never;
        /**
         * Take a reaction back
         * @description Taking back what is not there changes nothing.
         *
         *     **Who**: who reacted so.
         */
        delete: operations["removeReaction"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messaging/channels/{channel_id}/messages/{message_id}/replies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Page through the replies to a message
         * @description Newest first: what is in the thread under it, and what replies to it elsewhere.
         *
         *     **Who**: who may read the channel: anybody identified (public), the microDAO's and the channel's members (microdao), members with `can_read` (private, direct).
         */
        get: operations["listReplies"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messaging/channels/{channel_id}/muted": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Mute a channel, or end that
         * @description What is unread in a muted channel is left out of the caller's total; mentions are not.
         *
         *     **Who**: who may read the channel: anybody identified (public), the microDAO's and the channel's members (microdao), members with `can_read` (private, direct).
         */
        put: operations["muteChannel"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messaging/channels/{channel_id}/pins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the pinned messages
         * @description In the order of the room's list, at most 100. What the room has pinned besides, events that are no messages here, is left out.
         *
         *     **Who**: who may read the channel: anybody identified (public), the microDAO's and the channel's members (microdao), members with `can_read` (private, direct).
         */
        get: operations["listPins"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messaging/channels/{channel_id}/pins/{message_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Pin a message
         * @description Behind those that are pinned already. One that is pinned stays where it is.
         *
         *     **Who**: owners and admins of the channel.
         */
        put: operations["pinMessage"];
        post?: never;
        /**
         * Unpin a message
         * @description Of one that is not pinned nothing changes.
         *
         *     **Who**: owners and admins of the channel.
         */
        delete: operations["unpinMessage"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messaging/channels/{channel_id}/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Say how far one has read
         * @description Moves the caller's marker forwards; a place before it changes nothing. Without `private` the other members see it, and Matrix is told within seconds. Whoever sends has read up to their message. Who is no member of a public channel has a marker that only they see. Reading ends the mark by hand.
         *
         *     **Who**: who may read the channel: anybody identified (public), the microDAO's and the channel's members (microdao), members with `can_read` (private, direct).
         */
        put: operations["markRead"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messaging/channels/{channel_id}/receipts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * See who has read how far
         * @description What the members show of it: private receipts are not in it. Above 100 members readers are counted and not named.
         *
         *     **Who**: who may read the channel: anybody identified (public), the microDAO's and the channel's members (microdao), members with `can_read` (private, direct).
         */
        get: operations["listReceipts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messaging/channels/{channel_id}/threads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Page through a channel's threads
         * @description The messages that have one, with `thread`; the one with the newest reply first. A deleted message keeps its thread.
         *
         *     **Who**: who may read the channel: anybody identified (public), the microDAO's and the channel's members (microdao), members with `can_read` (private, direct).
         */
        get: operations["listThreads"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messaging/channels/{channel_id}/threads/{message_id}/following": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Follow a thread
         * @description Also one that nobody has written in yet. A message that is in a thread means that thread.
         *
         *     **Who**: who may read the channel: anybody identified (public), the microDAO's and the channel's members (microdao), members with `can_read` (private, direct).
         */
        put: operations["followThread"];
        post?: never;
        /**
         * Follow a thread no more
         * @description Being mentioned in it does not change that; writing in it begins anew.
         *
         *     **Who**: who may read the channel: anybody identified (public), the microDAO's and the channel's members (microdao), members with `can_read` (private, direct).
         */
        delete: operations["unfollowThread"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messaging/channels/{channel_id}/typing": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Say that one types, or has stopped
         * @description The channel's sockets get a frame `typing` with everybody who types, and people in Matrix see it as well. It ends with the message, with `false`, or after 10 seconds: repeat it every few seconds. What comes within a second changes nothing. Who is no member yet may type, and nobody is told. Nothing is kept of it, so no `Idempotency-Key` is read.
         *
         *     **Who**: who may write in the channel: anybody identified (public), the microDAO's and the channel's members (microdao), members (private, direct), unless `can_write` was taken from them. A writer who is not a member yet joins by writing, except agents, which have to be invited.
         */
        put: operations["setTyping"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messaging/channels/{channel_id}/unread": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Mark a channel as unread
         * @description Until the caller reads it or writes in it, outside of its threads. The marker stays where it is.
         *
         *     **Who**: who may read the channel: anybody identified (public), the microDAO's and the channel's members (microdao), members with `can_read` (private, direct).
         */
        put: operations["markUnread"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messaging/media/{server_name}/{media_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download content
         * @description What nobody may read by these rules is a 404, as is unknown content. One `Range` gives a part. It never changes, so it may be kept. `inline` are only pictures, sound, films and text that are what they are said to be; all else is to be saved. A signed address needs no header.
         *
         *     **Who**: who may read a channel in which it was sent, or see the channel or person whose picture it is, or has uploaded it for a channel that they may read.
         */
        get: operations["downloadMedia"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messaging/media/{server_name}/{media_id}/thumbnail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download a small picture of content
         * @description The homeserver makes it, in the nearest size that it has.
         *
         *     **Who**: who may read a channel in which it was sent, or see the channel or person whose picture it is, or has uploaded it for a channel that they may read.
         */
        get: operations["downloadThumbnail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messaging/media/{server_name}/{media_id}/url": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get an address that needs no header
         * @description For `<img>` and `<audio>`, for 10 to 15 minutes. It tells who asks; what they may read is decided when it is used. Whoever has it reads as the caller: show it to nobody else.
         *
         *     **Who**: who may read a channel in which it was sent, or see the channel or person whose picture it is, or has uploaded it for a channel that they may read.
         */
        get: operations["signMediaUrl"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messaging/media/urls": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get such addresses of several
         * @description What the caller may not read is left out. It changes nothing, so no `Idempotency-Key` is read.
         *
         *     **Who**: anybody identified.
         */
        post: operations["signMediaUrls"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messaging/profiles/{member_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a profile
         * @description Messages and members carry name and picture, so this is for one's own profile, and for somebody who was met elsewhere. Whoever is only invited to a channel is not known there before they come.
         *
         *     **Who**: oneself; who may see a channel that they are or were in; and services of the platform.
         */
        get: operations["getProfile"];
        /**
         * Change one's own name and picture
         * @description What is absent stays as it is, `null` takes it away. Everybody in the caller's channels is shown them, also in Matrix, where somebody without a name is called by their id. Changing it to what it is changes nothing. `avatar_url` is the address of a file that was uploaded to Matrix.
         *
         *     **Who**: oneself: `me`, or one's own id.
         */
        put: operations["changeProfile"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messaging/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search messages
         * @description All words have to be there, each in any form, Ukrainian or English: `квартира` finds `квартирою`. `"phrases"` are found word for word, `prefix*` is the beginning of a word, and `-` before any of these, or before an operator, asks for what is without it. Operators: `from:` and `mentions:` somebody (`me`, an id or a name), `in:` a channel (its id or name), `before:`, `after:`, `on:` a day or a moment, `has:` `file`, `image`, `audio`, `video`, `link`, `reaction`, `thread`, `pin`, `is:` `reply`, `edited`, `agent`, `mention`, `unread`. No query is wrong: what is no operator is searched for as a word, and `hints` say so. Deleted and encrypted messages are not found.
         *
         *     **Who**: who may read the channel: anybody identified (public), the microDAO's and the channel's members (microdao), members with `can_read` (private, direct).
         */
        get: operations["searchMessages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/messaging/unread": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count what is unread
         * @description In the channels that the caller has joined, 1,000 at most, without archived ones. Each channel's own counts are in the list of channels.
         *
         *     **Who**: anybody identified.
         */
        get: operations["getUnread"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description The body of `PATCH …/channels/:channel_id`: what is absent stays as it is, `null` takes it away. */
        ChangeChannel: {
            /** @description `false` opens an archived channel again, before anything else is changed. `DELETE` archives. */
            archived?: boolean | null;
            /** @description An `mxc://` address. */
            avatar_url?: string | null;
            /** @description At most 2,000 characters, some of which one can see; line breaks and tabs are allowed. */
            description?: string | null;
            /**
             * @description Whether links of its messages show what they are; `null`: as its visibility says. In a private channel only its owner
             *     may say `true`, which ends when a channel becomes private.
             */
            link_previews?: boolean | null;
            /** @description 1 to 255 characters in one line that one can see. */
            name?: string | null;
            /**
             * Format: int32
             * @description After how many days messages are deleted, which only an owner says, and which holds for those that are there as well;
             *     `null`: when the platform's maximum is over, if it has one.
             */
            retention_days?: number | null;
            /** @description At most 500 characters in one line that one can see. */
            topic?: string | null;
            /** @description Who may see it. */
            visibility?: components["schemas"]["Visibility"] | null;
        };
        /** @description The body of `PATCH …/members/:member_id`: what is absent stays as it is. */
        ChangeMember: {
            /** @description Whether they may create tasks. */
            can_create_tasks?: boolean | null;
            /** @description Whether they may invite. */
            can_invite?: boolean | null;
            /** @description Whether they may remove others. */
            can_kick?: boolean | null;
            /** @description Whether they may read. */
            can_read?: boolean | null;
            /** @description Whether they may write. */
            can_write?: boolean | null;
            /** @description The new role; the power level in the room follows. */
            role?: components["schemas"]["Role"] | null;
        };
        /** @description The body of `PUT /api/messaging/profiles/:member_id`: what is absent stays as it is, `null` takes it away. */
        ChangeProfile: {
            /** @description An `mxc://` address. */
            avatar_url?: string | null;
            /** @description 1 to 255 characters in one line that one can see. White space at its ends goes. */
            display_name?: string | null;
        };
        /** @description A channel: a Matrix room and what the index knows of it. */
        Channel: {
            /**
             * Format: date-time
             * @description Since when it takes no more writes and is in no list.
             */
            archived_at: string | null;
            /** @description An `mxc://` address. */
            avatar_url: string | null;
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /** @description Who made it. */
            created_by: components["schemas"]["EntityId"];
            /** @description What it is for. */
            description: string | null;
            /** @description The other one of a direct channel, also after they have left; `null` in other channels, and for who is none of the two. */
            direct_member_id?: components["schemas"]["EntityId"] | null;
            /**
             * Format: uuid
             * @description The channel.
             */
            id: string;
            /** @description Whether it is a conversation of two. */
            is_direct: boolean;
            /** @description Whether its messages are end-to-end encrypted. */
            is_encrypted: boolean;
            /**
             * Format: int32
             * @description For how many days messages are kept: the channel's own `retention_days` or the platform's maximum, whichever is less;
             *     `null`: for ever.
             */
            kept_days?: number | null;
            /** @description The newest message that is not deleted, replies too; `null` when there is none, or for who may not read the channel. */
            last_message?: components["schemas"]["Message"] | null;
            /**
             * Format: int64
             * @description The number of the channel's newest event; `null` for who may not read the channel.
             */
            last_seq?: number | null;
            /**
             * @description Whether links of its messages show what they are; `null`: yes where it is public or its microDAO's, no where it is
             *     private. Those of an encrypted channel never do.
             */
            link_previews: boolean | null;
            /** @description Whether the caller has marked it as unread by hand. */
            marked_unread?: boolean;
            /** @description The room behind it, which may change when the room is upgraded. */
            matrix_room_id: string;
            /**
             * Format: int64
             * @description How many members have joined; `null` for who may not read the channel. This and what follows is there in lists and
             *     in `GET` of the channel, and nowhere else.
             */
            member_count?: number | null;
            /** @description What the caller is in the channel; `null` when they are neither a member nor invited. */
            membership?: components["schemas"]["Membership"] | null;
            /**
             * Format: int32
             * @description The others' messages behind it that name the caller or everybody. 100 stands for any number from 100 on.
             */
            mention_count?: number;
            /** @description The microDAO that it belongs to. */
            microdao_id: components["schemas"]["MicrodaoId"];
            /** @description Whether the caller has muted it. */
            muted?: boolean;
            /** @description For people. */
            name: string;
            /**
             * Format: int64
             * @description Up to this number the caller has read it; `null` without a marker, and then nothing is unread. This and the next four are
             *     only in a list of channels and in a `GET` of one.
             */
            read_seq?: number | null;
            /**
             * Format: int32
             * @description After how many days messages are deleted, in Matrix as well; `null`: when the platform's maximum is over, if it has one.
             */
            retention_days: number | null;
            /** @description Unique in the microDAO. */
            slug: string;
            /** @description What it is about at the moment. */
            topic: string | null;
            /**
             * Format: int32
             * @description The others' messages behind it, without deleted ones and replies in threads. 100 stands for any number from 100 on.
             */
            unread_count?: number;
            /**
             * Format: date-time
             * @description When its name, description, topic, avatar or visibility last changed.
             */
            updated_at: string;
            /** @description Who may see it. */
            visibility: components["schemas"]["Visibility"];
        };
        /** @description The channel of a message that was found. */
        ChannelOfHit: {
            /**
             * Format: date-time
             * @description Since when it takes no more writes and is in no list.
             */
            archived_at: string | null;
            /** @description An `mxc://` address. */
            avatar_url: string | null;
            /**
             * Format: uuid
             * @description The channel.
             */
            id: string;
            /** @description Whether it is a conversation of two. */
            is_direct: boolean;
            /** @description The microDAO that it belongs to. */
            microdao_id: components["schemas"]["MicrodaoId"];
            /** @description For people. */
            name: string;
            /** @description Unique in the microDAO. */
            slug: string;
            /** @description Who may see it. */
            visibility: components["schemas"]["Visibility"];
        };
        /** @description Who has read a channel how far. */
        ChannelReceipts: {
            /**
             * Format: int32
             * @description Members, counted up to 1,000.
             */
            member_count: number;
            /**
             * Format: int32
             * @description How many of these show that they have read up to `seq`.
             */
            read_count: number;
            /** @description Those who show how far they have read, the furthest first. Empty in a channel of more than 100 members. */
            receipts: components["schemas"]["MemberReceipt"][];
            /**
             * Format: int64
             * @description The number that `read_count` is about.
             */
            seq: number;
        };
        /**
         * @description Where the text of a message comes from.
         *
         *     - `matrix`: Its Matrix event, edits applied.
         *     - `index`: The index alone: the message is deleted, this deployment's gateway cannot read single events, or Matrix does not
         *     respond or has it no more. `truncated` says whether `text` is all.
         * @enum {string}
         */
        ContentSource: "matrix" | "index";
        /**
         * @description What kind of content a message has.
         *
         *     - `text`: Text, and everything that is none of the others: what Matrix has no name for is shown as the text that it brings.
         *     - `image`: A picture.
         *     - `file`: Any other file.
         *     - `audio`: Sound.
         *     - `video`: Moving pictures.
         *     - `emote`: What the sender does, shown behind their name.
         *     - `sticker`: A sticker; the text is what it shows.
         *     - `location`: A place; the text is its name, or a `geo:` address (RFC 5870).
         *     - `poll`: A poll; the text is its question, and its answers a line each.
         *     - `verification`: A request to verify each other's devices, which Matrix clients carry out among themselves.
         * @enum {string}
         */
        ContentType: "text" | "image" | "file" | "audio" | "video" | "emote" | "sticker" | "location" | "poll" | "verification";
        /** @description The body of `POST /api/messaging/channels`. */
        CreateChannel: {
            /** @description An `mxc://` address. */
            avatar_url?: string | null;
            /** @description At most 2,000 characters, some of which one can see; line breaks and tabs are allowed. */
            description?: string | null;
            /** @description Whether it is a conversation of two, private and one per pair; not when it is left out. */
            is_direct?: boolean;
            /** @description Whether its messages are end-to-end encrypted; not when it is left out. */
            is_encrypted?: boolean;
            /** @description For a direct channel: the other one. */
            members?: components["schemas"]["EntityId"][];
            /** @description The microDAO that the channel belongs to. */
            microdao_id: components["schemas"]["MicrodaoId"];
            /** @description 1 to 255 characters in one line that one can see. A direct channel may do without. */
            name?: string;
            /** @description 1 to 100 of `[a-z0-9-]`, not only `-`, unique in the microDAO. A direct channel's slug comes from its pair. */
            slug?: string;
            /** @description At most 500 characters in one line that one can see. */
            topic?: string | null;
            /** @description Who may see it; `microdao` when it is left out. */
            visibility?: components["schemas"]["Visibility"];
        };
        /** @description What may have been meant by a word. */
        DidYouMean: {
            /** @description Words that the caller would find something for, the likeliest first. */
            suggestions: string[];
            /** @description The word of the query, in lower case. */
            word: string;
        };
        /** @description The body of `PATCH …/messages/:message_id`. */
        EditMessage: {
            /**
             * @description Of an encrypted message: the content of the `m.room.encrypted` event that replaces it, made by the client. Its
             *     `m.relates_to` may be left out; otherwise it makes an edit of this message.
             */
            encrypted?: ({
                algorithm: string;
                ciphertext: string;
            } & {
                [key: string]: unknown;
            }) | null;
            /** @description The text as HTML. */
            formatted_body?: string | null;
            /** @description Who is meant from then on; when it is left out, those who were. Matrix clients notify only who was not meant before. */
            mentions?: components["schemas"]["Mention"][] | null;
            /** @description 1 to 10,000 characters; absent when `encrypted` is there. */
            text?: string | null;
        };
        /**
         * @description Who takes part: `user:<id>`, `agent:<id>`, or the Matrix id of a person who exists only in Matrix.
         * @example user:alice
         * @example agent:sofia
         * @example @bob:matrix.org
         */
        EntityId: string;
        /** @description What is wrong with one field of the request (RFC 9457, section 3). */
        FieldError: {
            /** @description What the value has to be. */
            detail: string;
            /** @description Name of the query parameter or header; absent for a field of the body. */
            parameter?: string;
            /** @description JSON pointer to the field of the body (RFC 6901); absent for a query parameter or a header. */
            pointer?: string;
        };
        /** @description The file of a message, as its sender describes it. What is odd in a description is `null`. */
        File: {
            /** @description A BlurHash to show until the picture is there. */
            blurhash: string | null;
            /** @description Its media type, without parameters. */
            content_type: string | null;
            /** @description Its content, an `mxc://` address. */
            content_uri: string;
            /**
             * Format: int64
             * @description How long sound or a video lasts, in milliseconds.
             */
            duration_ms: number | null;
            /** @description What it is called: one line without a path. `null` for a sticker, and in an encrypted channel. */
            filename: string | null;
            /**
             * Format: int64
             * @description Its height, in pixels.
             */
            height: number | null;
            /** @description Whether the content is encrypted: the key is in the `content` that `GET` of the message tells. */
            is_encrypted: boolean;
            /**
             * Format: int64
             * @description Its size in bytes.
             */
            size: number | null;
            /** @description A smaller picture of it, an `mxc://` address. */
            thumbnail_uri: string | null;
            /** @description What a voice message has; `null` for any other file. */
            voice: components["schemas"]["Voice"] | null;
            /**
             * Format: int64
             * @description The width of a picture or video, in pixels.
             */
            width: number | null;
        };
        /** @description A page of what was found, newest first. */
        Found: {
            /** @description Of words that hardly anything was found for: which others may have been meant. Only on the first page. */
            did_you_mean: components["schemas"]["DidYouMean"][];
            /** @description What was not done as it may have been meant. */
            hints: components["schemas"]["Hint"][];
            /** @description The messages. There may be none although there is a next page: a page looks at so many messages and no more. */
            hits: components["schemas"]["Hit"][];
            /** @description The `cursor` of the next page; `null` when there is nothing more. */
            next: string | null;
        };
        /** @description Something about a query that was not done as it may have been meant. */
        Hint: {
            /** @description What it is about. */
            code: components["schemas"]["HintCode"];
            /** @description The same for people, in English. */
            detail: string;
            /** @description The part of the query, as it is written; empty when it is about all of it. */
            word: string;
        };
        /**
         * @description What a hint is about.
         *
         *     - `unknown_operator`: There is no such operator.
         *     - `unknown_value`: The operator has no such value.
         *     - `missing_value`: The operator has no value.
         *     - `not_a_time`: The value is no day and no moment.
         *     - `unclosed_quote`: A quote has no end.
         *     - `prefix_too_short`: The prefix has too few letters.
         *     - `query_too_long`: The query is longer than what is read of it.
         *     - `too_many_words`: The query has more words than are looked for.
         *     - `too_many_filters`: The query has more filters than are kept to.
         *     - `nothing_to_find`: The query has nothing that could be found.
         * @enum {string}
         */
        HintCode: "unknown_operator" | "unknown_value" | "missing_value" | "not_a_time" | "unclosed_quote" | "prefix_too_short" | "query_too_long" | "too_many_words" | "too_many_filters" | "nothing_to_find";
        /** @description A message that was found. */
        Hit: {
            /** @description The channel that it is in. */
            channel: components["schemas"]["ChannelOfHit"];
            /** @description The part of its text around the first place that was found, not HTML; the beginning where only operators were asked for. */
            excerpt: string;
            /** @description Where the excerpt begins in the text, in characters (code points). */
            excerpt_start: number;
            /** @description Whether the text goes on behind the excerpt. */
            has_more: boolean;
            /** @description The places in the excerpt that were found, in their order. */
            highlights: components["schemas"]["Span"][];
            /** @description The message, as on a page of its channel. */
            message: components["schemas"]["Message"];
            /** @description The excerpt is of `content_preview`, and what was found may lie behind it: Matrix has not given the whole text in time. */
            partial: boolean;
        };
        /** @description The body of `POST …/members`. */
        InviteMember: {
            /** @description Whether they may create tasks; default by role. */
            can_create_tasks?: boolean | null;
            /** @description Whether they may invite; default by role. */
            can_invite?: boolean | null;
            /** @description Whether they may remove others; default by role. */
            can_kick?: boolean | null;
            /** @description Whether they may read; default yes. */
            can_read?: boolean | null;
            /** @description Whether they may write; default yes. */
            can_write?: boolean | null;
            /** @description A user, an agent, or a Matrix id. */
            member_id: components["schemas"]["EntityId"];
            /** @description Default: `agent` for agents, `member` for everybody else. */
            role?: components["schemas"]["Role"] | null;
        };
        /** @description The body of `PUT …/read`: up to where. Neither message nor number: everything. */
        MarkRead: {
            /**
             * Format: uuid
             * @description Up to this message.
             */
            message_id?: string | null;
            /** @description Whether the others do not see it; `false` when it is left out. */
            private?: boolean;
            /**
             * Format: int64
             * @description Up to this number, when no message is named. One beyond the channel's last number is that one.
             */
            seq?: number | null;
            /**
             * Format: uuid
             * @description The root of a thread: the marker in it moves, and not that of the channel. Who does not follow the thread has none.
             */
            thread_id?: string | null;
        };
        /** @description Somebody's membership of a channel. */
        Member: {
            /** @description Their picture, an `mxc://` address. */
            avatar_url: string | null;
            /**
             * Format: date-time
             * @description When they were banned; they come back only by invitation.
             */
            banned_at: string | null;
            /** @description Whether they may create tasks. */
            can_create_tasks: boolean;
            /** @description Whether they may invite. */
            can_invite: boolean;
            /** @description Whether they may remove others. */
            can_kick: boolean;
            /** @description Whether they may read. */
            can_read: boolean;
            /** @description Whether they may write. */
            can_write: boolean;
            /**
             * Format: uuid
             * @description The channel.
             */
            channel_id: string;
            /** @description What they are called, in an event at that moment, else now; `null` when they have chosen no name, or were never in. */
            display_name: string | null;
            /**
             * Format: uuid
             * @description The membership: it stays the same when they leave and come back.
             */
            id: string;
            /**
             * Format: date-time
             * @description When they were invited; `null` when they came by themselves.
             */
            invited_at: string | null;
            /** @description Who invited them. */
            invited_by: components["schemas"]["EntityId"] | null;
            /**
             * Format: date-time
             * @description Since when they are in; `null` while an invitation is not accepted.
             */
            joined_at: string | null;
            /**
             * Format: date-time
             * @description When they left.
             */
            left_at: string | null;
            /**
             * Format: int64
             * @description Their power level in the room.
             */
            matrix_power_level: number;
            /** @description Their id in Matrix. */
            matrix_user_id: string;
            /** @description Who it is. */
            member_id: components["schemas"]["EntityId"];
            /** @description What it is. */
            member_type: components["schemas"]["MemberType"];
            /** @description Their role. */
            role: components["schemas"]["Role"];
        };
        /** @description The same, with their name and picture. */
        MemberReceipt: {
            /** @description Their picture, an `mxc://` address. */
            avatar_url: string | null;
            /** @description What they are called now; `null` when they have chosen no name. */
            display_name: string | null;
            /** @description Who. */
            member_id: components["schemas"]["EntityId"];
            /**
             * Format: int64
             * @description Up to which number.
             */
            read_seq: number;
        };
        /** @description What the caller is and may do in a channel. */
        Membership: {
            /** @description Whether they may create tasks. */
            can_create_tasks: boolean;
            /** @description Whether they may invite. */
            can_invite: boolean;
            /** @description Whether they may remove others. */
            can_kick: boolean;
            /** @description Whether they may read. */
            can_read: boolean;
            /** @description Whether they may write. */
            can_write: boolean;
            /**
             * Format: date-time
             * @description When they were invited.
             */
            invited_at: string | null;
            /** @description Who invited them. */
            invited_by: components["schemas"]["EntityId"] | null;
            /**
             * Format: date-time
             * @description When they joined; `null` while they are only invited.
             */
            joined_at: string | null;
            /** @description What they are in the channel. */
            role: components["schemas"]["Role"];
        };
        /**
         * @description What takes part.
         *
         *     - `human`: A user, or a person who exists only in Matrix.
         *     - `agent`: An AI agent.
         * @enum {string}
         */
        MemberType: "human" | "agent";
        /**
         * @description Somebody who is meant by a message, or `room` for everybody in the channel.
         * @example user:bob
         * @example agent:sofia
         * @example @bob:matrix.org
         * @example room
         */
        Mention: string;
        /** @description A message as the index knows it. */
        Message: {
            /**
             * Format: uuid
             * @description The channel that it is in.
             */
            channel_id: string;
            /**
             * @description The hash of the `Idempotency-Key` with which it was sent, if there was one: 64 hexadecimal digits of SHA-256 over the
             *     sender's id and the key, each behind its length in bytes, as eight bytes, the largest first. So senders know their own.
             */
            client_key?: string;
            /** @description The first 500 characters; empty when the message is encrypted or deleted. */
            content_preview: string;
            /** @description What kind of content it is. */
            content_type: components["schemas"]["ContentType"];
            /**
             * Format: date-time
             * @description When it was sent.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it was deleted.
             */
            deleted_at: string | null;
            /**
             * Format: date-time
             * @description When its sender last replaced the text.
             */
            edited_at: string | null;
            /**
             * @description The file of a picture, a video, sound, a sticker or any other file; `null` of a message without one, of a deleted one,
             *     and of one whose content cannot be told.
             */
            file: components["schemas"]["File"] | null;
            /**
             * Format: uuid
             * @description The message: UUID v5 of its Matrix event id.
             */
            id: string;
            /** @description Whether it is end-to-end encrypted: then there is no text here, and `GET` of the message has the ciphertext. */
            is_encrypted: boolean;
            /** @description The event in the room. */
            matrix_event_id: string;
            /**
             * @description Who is meant: each once, `room` for everybody in the channel. Of an encrypted message nobody, as that is inside the
             *     ciphertext; of a deleted one neither.
             */
            mentions: components["schemas"]["Mention"][];
            /**
             * @description The poll that it is, and how many voted for what; absent where its question cannot be read. It is there in pages and in
             *     `GET` of the message, and nowhere else.
             */
            poll?: components["schemas"]["Poll"];
            /**
             * Format: date-time
             * @description When the poll that it is was ended.
             */
            poll_ended_at: string | null;
            /**
             * @description What its first links show, as far as it is known and was not removed; none of an encrypted or a deleted message. They
             *     come a moment after the message, with `message.preview`.
             */
            previews: components["schemas"]["Preview"][];
            /**
             * @description The reactions, in the order in which each emoji was first used, at most 50; none of a deleted message. It is there in
             *     pages and in `GET` of the message, and nowhere else.
             */
            reactions?: components["schemas"]["ReactionCount"][];
            /**
             * Format: uuid
             * @description The message that it replies to.
             */
            reply_to: string | null;
            /** @description The sender's picture, an `mxc://` address. */
            sender_avatar_url: string | null;
            /** @description Who sent it. */
            sender_id: components["schemas"]["EntityId"];
            /** @description What the sender is called, in an event at that moment, else now; `null` when they have chosen no name. */
            sender_name: string | null;
            /** @description What the sender is. */
            sender_type: components["schemas"]["MemberType"];
            /**
             * Format: int64
             * @description Its number in the channel. Messages are ordered by it; other events of the channel take numbers too.
             */
            seq: number;
            /**
             * @description The thread under it, if there is one and something is left of it. Only on pages and where one message is read:
             *     events and responses to writes leave it out.
             */
            thread?: components["schemas"]["Thread"];
            /**
             * Format: uuid
             * @description The message under which its thread is; `null` outside of threads.
             */
            thread_id: string | null;
            /** @description Whether `content_preview` leaves something of the text out. */
            truncated: boolean;
        };
        /** @description A message on a page; with `include=content` it has its content as well. */
        MessageOnPage: {
            /**
             * Format: uuid
             * @description The channel that it is in.
             */
            channel_id: string;
            /**
             * @description The hash of the `Idempotency-Key` with which it was sent, if there was one: 64 hexadecimal digits of SHA-256 over the
             *     sender's id and the key, each behind its length in bytes, as eight bytes, the largest first. So senders know their own.
             */
            client_key?: string;
            /** @description As of one message. */
            content?: {
                [key: string]: unknown;
            } | null;
            /** @description The first 500 characters; empty when the message is encrypted or deleted. */
            content_preview: string;
            /** @description What kind of content it is. */
            content_type: components["schemas"]["ContentType"];
            /**
             * Format: date-time
             * @description When it was sent.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it was deleted.
             */
            deleted_at: string | null;
            /**
             * Format: date-time
             * @description When its sender last replaced the text.
             */
            edited_at: string | null;
            /**
             * @description The file of a picture, a video, sound, a sticker or any other file; `null` of a message without one, of a deleted one,
             *     and of one whose content cannot be told.
             */
            file: components["schemas"]["File"] | null;
            /** @description As of one message. */
            formatted_body?: string | null;
            /**
             * Format: uuid
             * @description The message: UUID v5 of its Matrix event id.
             */
            id: string;
            /** @description Whether it is end-to-end encrypted: then there is no text here, and `GET` of the message has the ciphertext. */
            is_encrypted: boolean;
            /** @description The event in the room. */
            matrix_event_id: string;
            /**
             * @description Who is meant: each once, `room` for everybody in the channel. Of an encrypted message nobody, as that is inside the
             *     ciphertext; of a deleted one neither.
             */
            mentions: components["schemas"]["Mention"][];
            /**
             * @description The poll that it is, and how many voted for what; absent where its question cannot be read. It is there in pages and in
             *     `GET` of the message, and nowhere else.
             */
            poll?: components["schemas"]["Poll"];
            /**
             * Format: date-time
             * @description When the poll that it is was ended.
             */
            poll_ended_at: string | null;
            /**
             * @description What its first links show, as far as it is known and was not removed; none of an encrypted or a deleted message. They
             *     come a moment after the message, with `message.preview`.
             */
            previews: components["schemas"]["Preview"][];
            /**
             * @description The reactions, in the order in which each emoji was first used, at most 50; none of a deleted message. It is there in
             *     pages and in `GET` of the message, and nowhere else.
             */
            reactions?: components["schemas"]["ReactionCount"][];
            /**
             * Format: uuid
             * @description The message that it replies to.
             */
            reply_to: string | null;
            /** @description The sender's picture, an `mxc://` address. */
            sender_avatar_url: string | null;
            /** @description Who sent it. */
            sender_id: components["schemas"]["EntityId"];
            /** @description What the sender is called, in an event at that moment, else now; `null` when they have chosen no name. */
            sender_name: string | null;
            /** @description What the sender is. */
            sender_type: components["schemas"]["MemberType"];
            /**
             * Format: int64
             * @description Its number in the channel. Messages are ordered by it; other events of the channel take numbers too.
             */
            seq: number;
            /** @description Where `text` comes from; also `index` when Matrix did not respond in time. */
            source?: components["schemas"]["ContentSource"];
            /** @description As of one message. */
            text?: string | null;
            /**
             * @description The thread under it, if there is one and something is left of it. Only on pages and where one message is read:
             *     events and responses to writes leave it out.
             */
            thread?: components["schemas"]["Thread"];
            /**
             * Format: uuid
             * @description The message under which its thread is; `null` outside of threads.
             */
            thread_id: string | null;
            /** @description Whether `content_preview` leaves something of the text out. */
            truncated: boolean;
        };
        /**
         * @description The `msgtype` of an `m.room.message`.
         *
         *     - `m.notice`: what software says, so that other software does not reply to it.
         *     - `m.emote`: what somebody does, `/me`.
         * @enum {string}
         */
        MessageType: "m.text" | "m.notice" | "m.emote" | "m.image" | "m.file" | "m.audio" | "m.video";
        /** @description A message with its full content from Matrix, edits applied. */
        MessageWithContent: {
            /**
             * Format: uuid
             * @description The channel that it is in.
             */
            channel_id: string;
            /**
             * @description The hash of the `Idempotency-Key` with which it was sent, if there was one: 64 hexadecimal digits of SHA-256 over the
             *     sender's id and the key, each behind its length in bytes, as eight bytes, the largest first. So senders know their own.
             */
            client_key?: string;
            /** @description The content of the Matrix event; `null` when the message is deleted, or when `source` is `index`. */
            content: {
                [key: string]: unknown;
            } | null;
            /** @description The first 500 characters; empty when the message is encrypted or deleted. */
            content_preview: string;
            /** @description What kind of content it is. */
            content_type: components["schemas"]["ContentType"];
            /**
             * Format: date-time
             * @description When it was sent.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it was deleted.
             */
            deleted_at: string | null;
            /**
             * Format: date-time
             * @description When its sender last replaced the text.
             */
            edited_at: string | null;
            /**
             * @description The file of a picture, a video, sound, a sticker or any other file; `null` of a message without one, of a deleted one,
             *     and of one whose content cannot be told.
             */
            file: components["schemas"]["File"] | null;
            /**
             * @description The text as HTML, cleaned to the subset that the Matrix specification recommends, whoever sent it; so is that of
             *     `content`.
             */
            formatted_body: string | null;
            /**
             * Format: uuid
             * @description The message: UUID v5 of its Matrix event id.
             */
            id: string;
            /** @description Whether it is end-to-end encrypted: then there is no text here, and `GET` of the message has the ciphertext. */
            is_encrypted: boolean;
            /** @description The event in the room. */
            matrix_event_id: string;
            /**
             * @description Who is meant: each once, `room` for everybody in the channel. Of an encrypted message nobody, as that is inside the
             *     ciphertext; of a deleted one neither.
             */
            mentions: components["schemas"]["Mention"][];
            /**
             * @description The poll that it is, and how many voted for what; absent where its question cannot be read. It is there in pages and in
             *     `GET` of the message, and nowhere else.
             */
            poll?: components["schemas"]["Poll"];
            /**
             * Format: date-time
             * @description When the poll that it is was ended.
             */
            poll_ended_at: string | null;
            /**
             * @description What its first links show, as far as it is known and was not removed; none of an encrypted or a deleted message. They
             *     come a moment after the message, with `message.preview`.
             */
            previews: components["schemas"]["Preview"][];
            /**
             * @description The reactions, in the order in which each emoji was first used, at most 50; none of a deleted message. It is there in
             *     pages and in `GET` of the message, and nowhere else.
             */
            reactions?: components["schemas"]["ReactionCount"][];
            /**
             * Format: uuid
             * @description The message that it replies to.
             */
            reply_to: string | null;
            /** @description The sender's picture, an `mxc://` address. */
            sender_avatar_url: string | null;
            /** @description Who sent it. */
            sender_id: components["schemas"]["EntityId"];
            /** @description What the sender is called, in an event at that moment, else now; `null` when they have chosen no name. */
            sender_name: string | null;
            /** @description What the sender is. */
            sender_type: components["schemas"]["MemberType"];
            /**
             * Format: int64
             * @description Its number in the channel. Messages are ordered by it; other events of the channel take numbers too.
             */
            seq: number;
            /** @description Where `text` comes from. */
            source: components["schemas"]["ContentSource"];
            /**
             * @description The whole text; `null` when the message is encrypted or deleted. From the index it is the beginning, which
             *     `truncated` tells.
             */
            text: string | null;
            /**
             * @description The thread under it, if there is one and something is left of it. Only on pages and where one message is read:
             *     events and responses to writes leave it out.
             */
            thread?: components["schemas"]["Thread"];
            /**
             * Format: uuid
             * @description The message under which its thread is; `null` outside of threads.
             */
            thread_id: string | null;
            /** @description Whether `content_preview` leaves something of the text out. */
            truncated: boolean;
        };
        /**
         * @description `microdao:<slug>`, slug `[a-z0-9-]+` of at most 100 characters.
         * @example microdao:daarion
         */
        MicrodaoId: string;
        /** @description The body of `PUT …/muted`. */
        Mute: {
            /** @description Whether what is unread is left out of the caller's total. Mentions always count. */
            muted: boolean;
        };
        /**
         * @description A file that was uploaded before, or that the caller may read elsewhere. What the upload knows (type, size, and the name
         *     where none is given) counts instead of what is said here.
         */
        NewFile: {
            /** @description A BlurHash to show until the picture is there. */
            blurhash?: string | null;
            /** @description Its media type, without parameters. */
            content_type?: string | null;
            /** @description Its content, an `mxc://` address. */
            content_uri: string;
            /**
             * Format: int64
             * @description How long sound or a video lasts, in milliseconds; at most 30 days.
             */
            duration_ms?: number | null;
            /** @description What it is called: one line without a path, 1 to 255 characters. */
            filename?: string | null;
            /**
             * Format: int64
             * @description Its height, in pixels.
             */
            height?: number | null;
            /**
             * Format: int64
             * @description Its size in bytes.
             */
            size?: number | null;
            /** @description A smaller picture of it, an `mxc://` address, which the caller has uploaded or may read as well. */
            thumbnail_uri?: string | null;
            /** @description It is a voice message: with `msgtype` `m.audio`. */
            voice?: components["schemas"]["Voice"] | null;
            /**
             * Format: int64
             * @description The width of a picture or video, in pixels.
             */
            width?: number | null;
        };
        /** @description Somebody who wrote in a thread. */
        Participant: {
            /** @description Their picture, an `mxc://` address. */
            avatar_url: string | null;
            /** @description What they are called now; `null` when they have chosen no name. */
            display_name: string | null;
            /** @description Who. */
            member_id: components["schemas"]["EntityId"];
            /** @description What they are. */
            member_type: components["schemas"]["MemberType"];
        };
        /** @description A poll and its count. What it asks is as of its last edit. */
        Poll: {
            /** @description The answers, in their order. */
            answers: components["schemas"]["PollAnswer"][];
            /** @description Whether the count is shown before the end. */
            disclosed: boolean;
            /**
             * Format: date-time
             * @description When it was ended.
             */
            ended_at: string | null;
            /** @description How many answers a person may choose. */
            max_selections: number;
            /** @description The ids of the answers that the caller has chosen. */
            my_answers: string[];
            /** @description What is asked; its first 500 characters. */
            question: string;
            /**
             * Format: int64
             * @description How many people have voted; 5,000 means at least that many. `null` until the end of a poll that is not disclosed. The
             *     last vote of a person up to the end counts, while they are a member, at the end if it has ended.
             */
            voters: number | null;
        };
        /** @description An answer of a poll. */
        PollAnswer: {
            /** @description What votes name it by. */
            id: string;
            /** @description What is to be read; its first 500 characters. */
            text: string;
            /**
             * Format: int64
             * @description How many people chose it; `null` until the end of a poll that is not disclosed.
             */
            votes: number | null;
        };
        /** @description What one link of a message shows. */
        Preview: {
            /** @description What it is about. */
            description: string | null;
            /**
             * Format: uuid
             * @description The preview, by which it is removed.
             */
            id: string;
            /** @description Its picture. */
            image: components["schemas"]["PreviewImage"] | null;
            /** @description The name of its site. */
            site_name: string | null;
            /** @description Its title. */
            title: string | null;
            /** @description The link as the message has it, in its canonical form. */
            url: string;
        };
        /** @description A page's picture, as content of our own: readers fetch nothing from the page's server. */
        PreviewImage: {
            /** @description `image/png`, `image/jpeg`, `image/gif` or `image/webp`, as its first bytes say. */
            content_type: string;
            /** @description An `mxc://` address. */
            content_uri: string;
            /** @description In pixels. */
            height: number;
            /** @description In pixels. */
            width: number;
        };
        /** @description Why a request was refused or failed (RFC 9457). */
        ProblemDocument: {
            /** @description For programs; never changes its meaning. */
            code: string;
            /** @description For people: what is wrong, and what to do next. */
            detail: string;
            /** @description One entry per bad field, parameter or header, if it is about those. */
            errors?: components["schemas"]["FieldError"][];
            /** @description Names the request in the service's log. */
            request_id: string;
            /** @description The HTTP status. */
            status: number;
            /** @description The name of the HTTP status. */
            title: string;
            /** @description `urn:daarion:problem:` and the code. */
            type: string;
        };
        /** @description What somebody is called, and their picture: one for all channels. */
        Profile: {
            /** @description Their picture, an `mxc://` address. */
            avatar_url: string | null;
            /** @description What they are called; `null` when they have chosen no name. */
            display_name: string | null;
            /** @description Who it is. */
            member_id: components["schemas"]["EntityId"];
            /** @description What they are. */
            member_type: components["schemas"]["MemberType"];
        };
        /** @description One emoji under a message, and who reacted with it. */
        Reaction: {
            /**
             * Format: int64
             * @description How many reacted so.
             */
            count: number;
            /** @description The emoji. With and without a variation selector it is the same one, and a person counts once. */
            emoji: string;
            /** @description Whether the caller did. */
            reacted: boolean;
            /** @description The first hundred who did, in the order in which they did. */
            reactors: components["schemas"]["EntityId"][];
        };
        /** @description One emoji under a message on a page. */
        ReactionCount: {
            /**
             * Format: int64
             * @description How many reacted so; 1,000 means at least that many.
             */
            count: number;
            /** @description The emoji. With and without a variation selector it is the same one, and a person counts once. */
            emoji: string;
            /** @description Whether the caller did. */
            reacted: boolean;
        };
        /** @description What a channel is to its reader. */
        Reading: {
            /**
             * Format: uuid
             * @description The channel.
             */
            channel_id: string;
            /** @description Whether the caller has marked it as unread by hand since they read it. */
            marked_unread: boolean;
            /**
             * Format: int32
             * @description The others' messages behind it that name the caller or everybody, also in threads. 100 stands for any number from
             *     100 on.
             */
            mention_count: number;
            /** @description Whether what is unread is left out of the caller's total. */
            muted: boolean;
            /**
             * Format: int64
             * @description Up to this number the caller has read it, apart from its threads; `null`: they have no marker, and nothing is unread.
             */
            read_seq: number | null;
            /**
             * Format: int32
             * @description The others' messages behind it, without deleted ones and replies in threads. 100 stands for any number from 100 on.
             */
            unread_count: number;
            /**
             * Format: date-time
             * @description When one of these last changed but for the counts. Of two of them the later one counts.
             */
            updated_at: string | null;
        };
        /**
         * @description A member's role in a channel.
         *
         *     - `owner`: Everything; power level 100.
         *     - `admin`: Manages members; power level 50.
         *     - `member`: Talks.
         *     - `guest`: Talks, comes from outside the microDAO.
         *     - `agent`: An agent that talks.
         * @enum {string}
         */
        Role: "owner" | "admin" | "member" | "guest" | "agent";
        /** @description The body of `POST …/messages`. */
        SendMessage: {
            /**
             * @description In an encrypted channel: the content of an `m.room.encrypted` event, made by the client. Its `m.relates_to`, in
             *     place of `reply_to` and `thread_id`, may name a thread or a message that is replied to.
             */
            encrypted?: ({
                algorithm: string;
                ciphertext: string;
            } & {
                [key: string]: unknown;
            }) | null;
            /**
             * @description The file of an `m.image`, `m.file`, `m.audio` or `m.video`: content that the caller has uploaded, or that is in a message
             *     which they may read.
             */
            file?: components["schemas"]["NewFile"] | null;
            /** @description The text as HTML. What is not in the subset that the Matrix specification recommends is left out. */
            formatted_body?: string | null;
            /**
             * @description Who is meant, and `room` for everybody in the channel, which takes a power level (50, unless the room says
             *     otherwise). At most 50. Who is not in the channel is named all the same: they are not told, as they cannot read it.
             *     Not beside `encrypted`: there the client names them inside.
             */
            mentions?: components["schemas"]["Mention"][];
            /** @description What kind of message it is; `m.text` when it is left out. One with a file is `m.image`, `m.file`, `m.audio` or `m.video`. */
            msgtype?: components["schemas"]["MessageType"];
            /**
             * @description Of an agent: the message is an `m.text`, of which Matrix clients notify people, and has `city.daarion.agent` in its
             *     content; otherwise it is a notice. Of a person it changes nothing.
             */
            notify?: boolean;
            /**
             * Format: uuid
             * @description A message of the same channel.
             */
            reply_to?: string | null;
            /**
             * @description 1 to 10,000 characters; absent when `encrypted` is there. Of a message with a file it is the caption, which may be left
             *     out.
             */
            text?: string | null;
            /**
             * Format: uuid
             * @description The thread: the message under which it is. One that is in a thread itself means that thread. Beside it, `reply_to`
             *     is a message of the thread.
             */
            thread_id?: string | null;
        };
        /** @description In: `PUT …/typing`. */
        SetTyping: {
            /** @description Whether the caller types. It ends by itself after 10 seconds. */
            typing: boolean;
        };
        /** @description Out: where content is for a short time without a header. */
        SignedUrl: {
            /** @description `mxc://…` */
            content_uri: string;
            /**
             * Format: date-time
             * @description Until when they work.
             */
            expires_at: string;
            /** @description The same of its picture: add `width`, `height` and `method` to it. */
            thumbnail_url: string;
            /** @description Relative to this service's address. */
            url: string;
        };
        /** @description Out: the signed addresses of what the caller may read of what was asked for, in its order. */
        SignedUrls: {
            /** @description One each. */
            urls: components["schemas"]["SignedUrl"][];
        };
        /** @description In: addresses to sign. */
        SignUrls: {
            /** @description 1 to 100 `mxc://` addresses. */
            content_uris: string[];
        };
        /** @description A place in a text, in characters (code points): from the one at `start` to the one before `end`. */
        Span: {
            /** @description The first behind it. */
            end: number;
            /** @description The first character. */
            start: number;
        };
        /** @description What a message shows of the thread under it. */
        Thread: {
            /** @description Whether the caller follows it: they wrote in it or sent the message that it is under, were mentioned in it, or chose to. */
            is_following: boolean;
            /** @description The newest of them. */
            last_reply: components["schemas"]["Message"];
            /** @description The first who wrote in it, of its first 100 replies. */
            participants: components["schemas"]["Participant"][];
            /**
             * Format: int64
             * @description How many replies it has, without deleted ones.
             */
            reply_count: number;
            /** @description How many replies of others the caller has not read; 0 when they do not follow it. It stops at 100. */
            unread_count: number;
        };
        /** @description All that is unread to the caller. */
        Unread: {
            /**
             * Format: int32
             * @description Channels in which one of these is, or that are marked as unread and not muted.
             */
            channels: number;
            /**
             * Format: int64
             * @description Mentions, at most 100 of each channel, also of channels that are muted.
             */
            mention_count: number;
            /**
             * Format: int64
             * @description Messages, at most 100 of each channel, without channels that are muted.
             */
            unread_count: number;
        };
        /** @description Out: an upload. */
        UploadedFile: {
            /** @description As its first bytes say. */
            content_type: string;
            /** @description `mxc://…`: what a message names it by. */
            content_uri: string;
            /** @description As it was sent, without what cannot be seen and without folders. */
            filename: string;
            /** @description In 64 hexadecimal digits. */
            sha256: string;
            /** @description In bytes. */
            size: number;
        };
        /**
         * @description Who may see a channel.
         *
         *     - `public`: Any authenticated caller.
         *     - `private`: Members of the channel.
         *     - `microdao`: Members of the microDAO and of the channel.
         * @enum {string}
         */
        Visibility: "public" | "private" | "microdao";
        /** @description A voice message (MSC3245). */
        Voice: {
            /** @description How loud it is, in equal steps from its beginning to its end. */
            waveform: number[];
        };
    };
    responses: never;
    parameters: {
        /** @description Only messages after this place, the nearest ones: a message's `seq`, a message id, or an RFC 3339 time. Not together with `before`. */
        after: string;
        /** @description The agent. */
        agent_id: string;
        /** @description Whether they are banned as well. */
        ban: boolean;
        /** @description Only messages before this place: a message's `seq`, a message id, or an RFC 3339 time. */
        before: string;
        /** @description The channel. */
        channel_id: string;
        /** @description How many at most. */
        channel_limit: number;
        /** @description What is on top: the channel that was made last (`created`), or whose newest message is the newest, a deleted one too (`activity`; a channel without messages stands where it was made). */
        channel_order: "created" | "activity";
        /** @description Of what; of the channel itself when it is left out. */
        channel_part: "channel" | "members" | "messages" | "pins" | "files" | "audit";
        /** @description Where the page starts; comes from a `Link` header. */
        cursor: string;
        /** @description Whether deleted messages are on the page too, without their text. */
        deleted: boolean;
        /** @description Any emoji that one can see, of up to 128 bytes of UTF-8, percent-encoded. */
        emoji: string;
        /** @description The erasure. */
        erasure_id: string;
        /** @description Where to go on: `next` of the page before of the same part. */
        export_after: string;
        /** @description What the file is called. Folders in front of it, and what is beyond 255 bytes, are left out. */
        filename: string;
        /** @description Whether it is shown as a whole (`scale`) or fills the size (`crop`). */
        fit: "scale" | "crop";
        /** @description Only threads that the caller follows. */
        followed: boolean;
        /** @description In pixels. */
        height: number;
        /** @description Where the page starts; comes from `next` of the page before. */
        hit_cursor: string;
        /** @description How many at most. */
        hit_limit: number;
        /** @description Makes a retry safe: the same key by the same caller gives the same result, whatever failed in between. A UUID will do. */
        idempotency_key: string;
        /** @description Only messages of this channel. */
        in_channel: string;
        /** @description `content` adds what `GET` of each message tells. A page then has at most 50 messages. */
        include: "content";
        /** @description Whether only channels that the caller is a member of; an invitation is none. */
        joined: boolean;
        /** @description How many at most. */
        limit: number;
        /** @description Of a signed address. */
        media_expires: number;
        /** @description The content's id there: behind the server's name. */
        media_id: string;
        /** @description Of a signed address. */
        media_signature: string;
        /** @description Where the page starts; comes from a `Link` header. */
        member_cursor: string;
        /** @description The member's id (`user:<id>`, `agent:<id>`, `@name:server`), or `me`. */
        member_id: string;
        /** @description How many at most. */
        member_limit: number;
        /** @description The message. */
        message_id: string;
        /** @description The microDAO. */
        microdao_id: components["schemas"]["MicrodaoId"];
        /** @description Events that are younger than so many seconds are left to the homeserver. */
        min_age: number;
        /** @description Only channels of this microDAO, or messages in them. */
        of_microdao: components["schemas"]["MicrodaoId"];
        /** @description Of what; of the profile when it is left out. */
        person_part: "profile" | "memberships" | "messages" | "reactions" | "files" | "uploads";
        /** @description What one of the message's links shows. */
        preview_id: string;
        /** @description What is looked for. The first 500 characters are read, 32 words and 16 operators of them. */
        q: string;
        /** @description The agent that reads; without it a service of the platform does. */
        reader: string;
        /** @description The number that readers are counted of; without it, that of the newest message. */
        receipt_seq: number;
        /** @description Only messages in front of this number, which the run before has given as `next`. */
        reindex_before: string;
        /** @description The server that has the content: behind `mxc://`. */
        server_name: string;
        /** @description Since when, an RFC 3339 time; without it, where the last run has ended. */
        since: string;
        /** @description Where the page starts; comes from a `Link` header. */
        thread_cursor: string;
        /** @description In pixels. */
        width: number;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listChannels: {
        parameters: {
            query?: {
                /** @description Where the page starts; comes from a `Link` header. */
                cursor?: components["parameters"]["cursor"];
                /** @description Whether only channels that the caller is a member of; an invitation is none. */
                joined?: components["parameters"]["joined"];
                /** @description How many at most. */
                limit?: components["parameters"]["channel_limit"];
                /** @description Only channels of this microDAO, or messages in them. */
                microdao_id?: components["parameters"]["of_microdao"];
                /** @description What is on top: the channel that was made last (`created`), or whose newest message is the newest, a deleted one too (`activity`; a channel without messages stands where it was made). */
                order?: components["parameters"]["channel_order"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of channels. `Link` has `next`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Channel"][];
                };
            };
        };
    };
    createChannel: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe: the same key by the same caller gives the same result, whatever failed in between. A UUID will do. */
                "Idempotency-Key"?: components["parameters"]["idempotency_key"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "slug": "general",
                 *       "name": "General",
                 *       "microdao_id": "microdao:daarion",
                 *       "visibility": "public"
                 *     }
                 */
                "application/json": components["schemas"]["CreateChannel"];
            };
        };
        responses: {
            /** @description The direct channel that the pair had already. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Channel"];
                };
            };
            /** @description The channel. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Channel"];
                };
            };
        };
    };
    getChannel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The channel. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Channel"];
                };
            };
        };
    };
    archiveChannel: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe: the same key by the same caller gives the same result, whatever failed in between. A UUID will do. */
                "Idempotency-Key"?: components["parameters"]["idempotency_key"];
            };
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is archived, or was already. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    changeChannel: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe: the same key by the same caller gives the same result, whatever failed in between. A UUID will do. */
                "Idempotency-Key"?: components["parameters"]["idempotency_key"];
            };
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "topic": "Everything",
                 *       "description": null
                 *     }
                 */
                "application/json": components["schemas"]["ChangeChannel"];
            };
        };
        responses: {
            /** @description The channel as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Channel"];
                };
            };
        };
    };
    uploadFile: {
        parameters: {
            query?: {
                /** @description What the file is called. Folders in front of it, and what is beyond 255 bytes, are left out. */
                filename?: components["parameters"]["filename"];
            };
            header?: {
                /** @description Makes a retry safe: the same key by the same caller gives the same result, whatever failed in between. A UUID will do. */
                "Idempotency-Key"?: components["parameters"]["idempotency_key"];
            };
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "*/*": string;
            };
        };
        responses: {
            /** @description The file. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadedFile"];
                };
            };
        };
    };
    listMembers: {
        parameters: {
            query?: {
                /** @description Where the page starts; comes from a `Link` header. */
                cursor?: components["parameters"]["member_cursor"];
                /** @description How many at most. */
                limit?: components["parameters"]["member_limit"];
            };
            header?: never;
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of members. `Link` has `next`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Member"][];
                };
            };
        };
    };
    inviteMember: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe: the same key by the same caller gives the same result, whatever failed in between. A UUID will do. */
                "Idempotency-Key"?: components["parameters"]["idempotency_key"];
            };
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "member_id": "agent:sofia"
                 *     }
                 */
                "application/json": components["schemas"]["InviteMember"];
            };
        };
        responses: {
            /** @description They are a member already, just so. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Member"];
                };
            };
            /** @description The member. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Member"];
                };
            };
        };
    };
    joinChannel: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe: the same key by the same caller gives the same result, whatever failed in between. A UUID will do. */
                "Idempotency-Key"?: components["parameters"]["idempotency_key"];
            };
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
                /** @description The member's id (`user:<id>`, `agent:<id>`, `@name:server`), or `me`. */
                member_id: components["parameters"]["member_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The caller's membership. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Member"];
                };
            };
        };
    };
    removeMember: {
        parameters: {
            query?: {
                /** @description Whether they are banned as well. */
                ban?: components["parameters"]["ban"];
            };
            header?: {
                /** @description Makes a retry safe: the same key by the same caller gives the same result, whatever failed in between. A UUID will do. */
                "Idempotency-Key"?: components["parameters"]["idempotency_key"];
            };
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
                /** @description The member's id (`user:<id>`, `agent:<id>`, `@name:server`), or `me`. */
                member_id: components["parameters"]["member_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description They are no member any more. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    changeMember: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe: the same key by the same caller gives the same result, whatever failed in between. A UUID will do. */
                "Idempotency-Key"?: components["parameters"]["idempotency_key"];
            };
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
                /** @description The member's id (`user:<id>`, `agent:<id>`, `@name:server`), or `me`. */
                member_id: components["parameters"]["member_id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "role": "admin"
                 *     }
                 */
                "application/json": components["schemas"]["ChangeMember"];
            };
        };
        responses: {
            /** @description The member as they are now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Member"];
                };
            };
        };
    };
    listMessages: {
        parameters: {
            query?: {
                /** @description Only messages after this place, the nearest ones: a message's `seq`, a message id, or an RFC 3339 time. Not together with `before`. */
                after?: components["parameters"]["after"];
                /** @description Only messages before this place: a message's `seq`, a message id, or an RFC 3339 time. */
                before?: components["parameters"]["before"];
                /** @description Whether deleted messages are on the page too, without their text. */
                deleted?: components["parameters"]["deleted"];
                /** @description `content` adds what `GET` of each message tells. A page then has at most 50 messages. */
                include?: components["parameters"]["include"];
                /** @description How many at most. */
                limit?: components["parameters"]["limit"];
            };
            header?: never;
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of messages. `Link` has `next` and `prev`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageOnPage"][];
                };
            };
        };
    };
    sendMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe: the same key by the same caller gives the same result, whatever failed in between. A UUID will do. */
                "Idempotency-Key"?: components["parameters"]["idempotency_key"];
            };
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "text": "Hello"
                 *     }
                 */
                "application/json": components["schemas"]["SendMessage"];
            };
        };
        responses: {
            /** @description The message. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    getMessage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
                /** @description The message. */
                message_id: components["parameters"]["message_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The message. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageWithContent"];
                };
            };
        };
    };
    deleteMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe: the same key by the same caller gives the same result, whatever failed in between. A UUID will do. */
                "Idempotency-Key"?: components["parameters"]["idempotency_key"];
            };
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
                /** @description The message. */
                message_id: components["parameters"]["message_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is deleted, or was already. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    editMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe: the same key by the same caller gives the same result, whatever failed in between. A UUID will do. */
                "Idempotency-Key"?: components["parameters"]["idempotency_key"];
            };
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
                /** @description The message. */
                message_id: components["parameters"]["message_id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "text": "Hello again"
                 *     }
                 */
                "application/json": components["schemas"]["EditMessage"];
            };
        };
        responses: {
            /** @description The message as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    removePreview: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe: the same key by the same caller gives the same result, whatever failed in between. A UUID will do. */
                "Idempotency-Key"?: components["parameters"]["idempotency_key"];
            };
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
                /** @description The message. */
                message_id: components["parameters"]["message_id"];
                /** @description What one of the message's links shows. */
                preview_id: components["parameters"]["preview_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is removed, or was already. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listReactions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
                /** @description The message. */
                message_id: components["parameters"]["message_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The reactions. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reaction"][];
                };
            };
        };
    };
    addReaction: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe: the same key by the same caller gives the same result, whatever failed in between. A UUID will do. */
                "Idempotency-Key"?: components["parameters"]["idempotency_key"];
            };
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
                /** @description Any emoji that one can see, of up to 128 bytes of UTF-8, percent-encoded. */
                emoji: components["parameters"]["emoji"];
                /** @description The message. */
                message_id: components["parameters"]["message_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The caller has reacted so. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    removeReaction: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe: the same key by the same caller gives the same result, whatever failed in between. A UUID will do. */
                "Idempotency-Key"?: components["parameters"]["idempotency_key"];
            };
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
                /** @description Any emoji that one can see, of up to 128 bytes of UTF-8, percent-encoded. */
                emoji: components["parameters"]["emoji"];
                /** @description The message. */
                message_id: components["parameters"]["message_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The caller has not reacted so. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listReplies: {
        parameters: {
            query?: {
                /** @description Only messages after this place, the nearest ones: a message's `seq`, a message id, or an RFC 3339 time. Not together with `before`. */
                after?: components["parameters"]["after"];
                /** @description Only messages before this place: a message's `seq`, a message id, or an RFC 3339 time. */
                before?: components["parameters"]["before"];
                /** @description Whether deleted messages are on the page too, without their text. */
                deleted?: components["parameters"]["deleted"];
                /** @description How many at most. */
                limit?: components["parameters"]["limit"];
            };
            header?: never;
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
                /** @description The message. */
                message_id: components["parameters"]["message_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of replies. `Link` has `next` and `prev`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"][];
                };
            };
        };
    };
    muteChannel: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe: the same key by the same caller gives the same result, whatever failed in between. A UUID will do. */
                "Idempotency-Key"?: components["parameters"]["idempotency_key"];
            };
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "muted": true
                 *     }
                 */
                "application/json": components["schemas"]["Mute"];
            };
        };
        responses: {
            /** @description What the channel is to the caller. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reading"];
                };
            };
        };
    };
    listPins: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The pinned messages. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"][];
                };
            };
        };
    };
    pinMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe: the same key by the same caller gives the same result, whatever failed in between. A UUID will do. */
                "Idempotency-Key"?: components["parameters"]["idempotency_key"];
            };
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
                /** @description The message. */
                message_id: components["parameters"]["message_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is pinned. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    unpinMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe: the same key by the same caller gives the same result, whatever failed in between. A UUID will do. */
                "Idempotency-Key"?: components["parameters"]["idempotency_key"];
            };
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
                /** @description The message. */
                message_id: components["parameters"]["message_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is not pinned. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    markRead: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe: the same key by the same caller gives the same result, whatever failed in between. A UUID will do. */
                "Idempotency-Key"?: components["parameters"]["idempotency_key"];
            };
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "seq": 42
                 *     }
                 */
                "application/json": components["schemas"]["MarkRead"];
            };
        };
        responses: {
            /** @description What the channel is to the caller. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reading"];
                };
            };
        };
    };
    listReceipts: {
        parameters: {
            query?: {
                /** @description The number that readers are counted of; without it, that of the newest message. */
                seq?: components["parameters"]["receipt_seq"];
            };
            header?: never;
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The receipts. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChannelReceipts"];
                };
            };
        };
    };
    listThreads: {
        parameters: {
            query?: {
                /** @description Where the page starts; comes from a `Link` header. */
                cursor?: components["parameters"]["thread_cursor"];
                /** @description Only threads that the caller follows. */
                followed?: components["parameters"]["followed"];
                /** @description How many at most. */
                limit?: components["parameters"]["limit"];
            };
            header?: never;
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of messages with threads. `Link` has `next`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"][];
                };
            };
        };
    };
    followThread: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe: the same key by the same caller gives the same result, whatever failed in between. A UUID will do. */
                "Idempotency-Key"?: components["parameters"]["idempotency_key"];
            };
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
                /** @description The message. */
                message_id: components["parameters"]["message_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The caller follows it. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    unfollowThread: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe: the same key by the same caller gives the same result, whatever failed in between. A UUID will do. */
                "Idempotency-Key"?: components["parameters"]["idempotency_key"];
            };
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
                /** @description The message. */
                message_id: components["parameters"]["message_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The caller does not follow it. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    setTyping: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "typing": true
                 *     }
                 */
                "application/json": components["schemas"]["SetTyping"];
            };
        };
        responses: {
            /** @description It is so, whether the homeserver could be told or not. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    markUnread: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe: the same key by the same caller gives the same result, whatever failed in between. A UUID will do. */
                "Idempotency-Key"?: components["parameters"]["idempotency_key"];
            };
            path: {
                /** @description The channel. */
                channel_id: components["parameters"]["channel_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the channel is to the caller. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Reading"];
                };
            };
        };
    };
    downloadMedia: {
        parameters: {
            query?: {
                /** @description Of a signed address. */
                expires?: components["parameters"]["media_expires"];
                /** @description Of a signed address. */
                signature?: components["parameters"]["media_signature"];
            };
            header?: never;
            path: {
                /** @description The content's id there: behind the server's name. */
                media_id: components["parameters"]["media_id"];
                /** @description The server that has the content: behind `mxc://`. */
                server_name: components["parameters"]["server_name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The content. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
            /** @description The part that `Range` asked for. */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": string;
                };
            };
        };
    };
    downloadThumbnail: {
        parameters: {
            query?: {
                /** @description Of a signed address. */
                expires?: components["parameters"]["media_expires"];
                /** @description In pixels. */
                height?: components["parameters"]["height"];
                /** @description Whether it is shown as a whole (`scale`) or fills the size (`crop`). */
                method?: components["parameters"]["fit"];
                /** @description Of a signed address. */
                signature?: components["parameters"]["media_signature"];
                /** @description In pixels. */
                width?: components["parameters"]["width"];
            };
            header?: never;
            path: {
                /** @description The content's id there: behind the server's name. */
                media_id: components["parameters"]["media_id"];
                /** @description The server that has the content: behind `mxc://`. */
                server_name: components["parameters"]["server_name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The picture. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/*": string;
                };
            };
        };
    };
    signMediaUrl: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The content's id there: behind the server's name. */
                media_id: components["parameters"]["media_id"];
                /** @description The server that has the content: behind `mxc://`. */
                server_name: components["parameters"]["server_name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The address. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedUrl"];
                };
            };
        };
    };
    signMediaUrls: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "content_uris": [
                 *         "mxc://daarion.city/GCmhgzMPRjqgpODLsNQzVuHZ"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["SignUrls"];
            };
        };
        responses: {
            /** @description The addresses. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedUrls"];
                };
            };
        };
    };
    getProfile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The member's id (`user:<id>`, `agent:<id>`, `@name:server`), or `me`. */
                member_id: components["parameters"]["member_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The profile. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Profile"];
                };
            };
        };
    };
    changeProfile: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe: the same key by the same caller gives the same result, whatever failed in between. A UUID will do. */
                "Idempotency-Key"?: components["parameters"]["idempotency_key"];
            };
            path: {
                /** @description The member's id (`user:<id>`, `agent:<id>`, `@name:server`), or `me`. */
                member_id: components["parameters"]["member_id"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "display_name": "Alice"
                 *     }
                 */
                "application/json": components["schemas"]["ChangeProfile"];
            };
        };
        responses: {
            /** @description The profile as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Profile"];
                };
            };
        };
    };
    searchMessages: {
        parameters: {
            query: {
                /** @description Only messages of this channel. */
                channel_id?: components["parameters"]["in_channel"];
                /** @description Where the page starts; comes from `next` of the page before. */
                cursor?: components["parameters"]["hit_cursor"];
                /** @description How many at most. */
                limit?: components["parameters"]["hit_limit"];
                /** @description Only channels of this microDAO, or messages in them. */
                microdao_id?: components["parameters"]["of_microdao"];
                /** @description What is looked for. The first 500 characters are read, 32 words and 16 operators of them. */
                q: components["parameters"]["q"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was found, newest first. `Link` has `next`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Found"];
                };
            };
        };
    };
    getUnread: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The totals. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Unread"];
                };
            };
        };
    };
}

/** What a problem's `code` may be; a later version may know more. */
export type ProblemCode =
  | "agent_not_allowed"
  | "agents_make_no_channels"
  | "alias_taken"
  | "already_a_member"
  | "banned"
  | "being_created"
  | "cannot_allow_previews"
  | "cannot_delete"
  | "cannot_grant"
  | "cannot_invite"
  | "cannot_kick"
  | "cannot_manage"
  | "cannot_mention_room"
  | "cannot_read"
  | "cannot_set_retention"
  | "cannot_write"
  | "channel_archived"
  | "channel_being_changed"
  | "channel_encrypted"
  | "channel_not_encrypted"
  | "direct_is_of_two"
  | "direct_stays_private"
  | "gateway_lacks"
  | "has_left"
  | "homeserver_busy"
  | "homeserver_failed"
  | "homeserver_timeout"
  | "idempotency_key_reused"
  | "incomplete_body"
  | "internal"
  | "invalid"
  | "invalid_form"
  | "invalid_header"
  | "invalid_json"
  | "last_owner"
  | "length_required"
  | "member_being_changed"
  | "message_deleted"
  | "message_not_encrypted"
  | "not_a_member"
  | "not_editable"
  | "not_found"
  | "not_in_matrix"
  | "not_in_microdao"
  | "not_the_sender"
  | "not_your_profile"
  | "only_oneself"
  | "pins_being_changed"
  | "profile_being_changed"
  | "range_not_satisfiable"
  | "rate_limited"
  | "refused_by_homeserver"
  | "rejected_by_homeserver"
  | "request_running"
  | "slow_body"
  | "slug_taken"
  | "too_large"
  | "too_many_absent"
  | "too_many_invitations"
  | "too_many_levels"
  | "too_many_parameters"
  | "too_many_pins"
  | "too_many_reactions"
  | "unauthenticated"
  | "unavailable"
  | "unsupported_media_type"
  | "upload_quota_exceeded";
