-- How long messages are kept, and what becomes of the data of a person.

-- For how many days the channel's messages are kept; NULL: the platform's maximum, or for ever.
ALTER TABLE public.channels ADD COLUMN IF NOT EXISTS retention_days integer
    CONSTRAINT channels_retention_days CHECK (retention_days BETWEEN 1 AND 3650);
-- Few have days of their own, and they are looked for every few seconds.
CREATE INDEX IF NOT EXISTS channels_retention ON public.channels (id) WHERE retention_days IS NOT NULL;
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

-- People who are erased. A row stays: it is the record of it, and what comes late from Matrix is known by it.
CREATE TABLE IF NOT EXISTS messaging.erasures (
    id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    -- Who, and by which Matrix id; NULL when it is finished.
    member_id        text,
    matrix_user_id   text,
    -- SHA-256 of that Matrix id, in hexadecimal digits.
    person           text NOT NULL,
    -- Who stands in rows that stay.
    anonymous_id     text NOT NULL,
    requested_by     text NOT NULL,
    requested_at     timestamptz NOT NULL DEFAULT now(),
    phase            text NOT NULL DEFAULT 'leaving' CHECK (phase IN (
        'leaving', 'removing', 'waiting', 'anonymising', 'forgetting', 'log', 'finished')),
    finished_at      timestamptz,
    -- Somebody has them leave rooms until then.
    leased_until     timestamptz NOT NULL DEFAULT '-infinity',
    -- How far the tables were gone through: a message's channel and number, or a row of the outbox.
    place_channel_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    place            bigint NOT NULL DEFAULT 0,
    -- The last row of the outbox that may name them.
    log_end          bigint,
    -- How many events were redacted, and channels on hold, in which nothing was.
    removed          bigint NOT NULL DEFAULT 0,
    held_channel_ids uuid[] NOT NULL DEFAULT '{}'
);
CREATE UNIQUE INDEX IF NOT EXISTS erasures_running ON messaging.erasures (member_id) WHERE member_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS erasures_person ON messaging.erasures (person);

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
    tries      integer NOT NULL DEFAULT 0,
    -- For whose erasure; NULL: its time is over.
    erasure_id uuid REFERENCES messaging.erasures (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS removals_due ON messaging.removals (due_at);
CREATE INDEX IF NOT EXISTS removals_channel ON messaging.removals (channel_id);
CREATE INDEX IF NOT EXISTS removals_erasure ON messaging.removals (erasure_id) WHERE erasure_id IS NOT NULL;
