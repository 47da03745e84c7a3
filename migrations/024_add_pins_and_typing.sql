-- What is pinned, and who types.

-- The list of a channel's room (m.room.pinned_events), whatever its ids are: some are of messages that are not here, or
-- not yet.
CREATE TABLE IF NOT EXISTS messaging.pins (
    channel_id uuid NOT NULL REFERENCES public.channels (id) ON DELETE CASCADE,
    event_id   text NOT NULL,
    -- The room whose list has it: the channel's, or one from before an upgrade, of whose list nobody tells any more.
    room_id    text NOT NULL,
    place      integer NOT NULL,
    -- Who pinned it, for a message that comes later.
    actor_id   text NOT NULL,
    PRIMARY KEY (channel_id, event_id)
);

-- Who types in a channel. Nobody misses it after a crash, so it costs no wait for the disk.
CREATE UNLOGGED TABLE IF NOT EXISTS messaging.typing (
    channel_id   uuid NOT NULL REFERENCES public.channels (id) ON DELETE CASCADE,
    member_id    text NOT NULL,
    -- Until when they type, as they say here, and as the homeserver says.
    until        timestamptz NOT NULL DEFAULT '-infinity',
    room_until   timestamptz NOT NULL DEFAULT '-infinity',
    -- Readers were told that they type, and not that they stopped.
    is_shown     boolean NOT NULL DEFAULT true,
    began_at     timestamptz NOT NULL DEFAULT now(),
    -- When they last said here that they type, and when the homeserver was last told of it.
    said_at      timestamptz NOT NULL DEFAULT '-infinity',
    told_at      timestamptz NOT NULL DEFAULT '-infinity',
    -- Until then the homeserver only repeats what it was told.
    echoes_until timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (channel_id, member_id)
);
CREATE INDEX IF NOT EXISTS typing_member ON messaging.typing (member_id);
