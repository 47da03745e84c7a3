-- What the index needs to follow the room's state as the homeserver says it, whatever clocks say.

-- The state event that was followed last and what it said, and when it was followed, by this database's own clock.
ALTER TABLE messaging.room_state ADD COLUMN IF NOT EXISTS event_id text;
ALTER TABLE messaging.room_state ADD COLUMN IF NOT EXISTS value text;
ALTER TABLE messaging.room_state ADD COLUMN IF NOT EXISTS followed_at timestamptz;
ALTER TABLE public.channel_members ADD COLUMN IF NOT EXISTS matrix_event_id text;

-- The room's power levels: a level may be given before its member comes.
CREATE TABLE IF NOT EXISTS messaging.room_levels (
    channel_id    uuid PRIMARY KEY REFERENCES public.channels (id) ON DELETE CASCADE,
    -- By Matrix user id.
    levels        jsonb NOT NULL,
    default_level integer NOT NULL DEFAULT 0
);

-- The level that the homeserver has told while its member was being removed. It counts if they stay.
ALTER TABLE messaging.intents ADD COLUMN IF NOT EXISTS level integer;

-- The message that is replied to, while it is not here.
ALTER TABLE public.messages ADD COLUMN IF NOT EXISTS awaited_event_id text;
CREATE INDEX IF NOT EXISTS messages_awaited_event ON public.messages (channel_id, awaited_event_id, seq)
    WHERE awaited_event_id IS NOT NULL;

-- The time of the edit that is shown, milliseconds, as its server says: Matrix takes the newest edit by it. Until the
-- homeserver has told of that edit it is the API's.
ALTER TABLE public.messages ADD COLUMN IF NOT EXISTS edit_origin_ts bigint;
