-- How long messages are kept, and what becomes of the data of a person.

-- For how many days the channel's messages are kept; NULL: the platform's maximum, or for ever.
ALTER TABLE public.channels ADD COLUMN IF NOT EXISTS retention_days integer
    CONSTRAINT channels_retention_days CHECK (retention_days BETWEEN 1 AND 3650);
-- Why nothing of it may be deleted by retention or erasure. NULL: it may.
ALTER TABLE public.channels ADD COLUMN IF NOT EXISTS hold_reason text;

-- The platform's maximum, as the relay that publishes has it; NULL: none.
CREATE TABLE IF NOT EXISTS messaging.retention_limit (
    is_only  boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    max_days integer
);

-- When a channel is looked at next for messages that have had their time.
CREATE TABLE IF NOT EXISTS messaging.retention_looks (
    channel_id uuid PRIMARY KEY REFERENCES public.channels (id) ON DELETE CASCADE,
    next_at    timestamptz NOT NULL
);

-- What is to be redacted in Matrix, and then removed here: the next few of all that is due.
CREATE TABLE IF NOT EXISTS messaging.removals (
    event_id   text PRIMARY KEY,
    channel_id uuid NOT NULL REFERENCES public.channels (id) ON DELETE CASCADE,
    -- In which room it is: the channel's own or one of before.
    room_id    text NOT NULL,
    -- 'message'; 'relation': an edit, a reaction or a vote of one that is removed; 'unindexed': it came when it was to go.
    kind       text NOT NULL CHECK (kind IN ('message', 'relation', 'unindexed')),
    due_at     timestamptz NOT NULL DEFAULT now(),
    -- Somebody carries it out until due_at.
    is_claimed boolean NOT NULL DEFAULT false,
    -- How often the room has refused it.
    tries      integer NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS removals_due ON messaging.removals (due_at);
CREATE INDEX IF NOT EXISTS removals_channel ON messaging.removals (channel_id);
