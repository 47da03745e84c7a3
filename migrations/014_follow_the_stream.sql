-- What the stream in NATS holds of the outbox, so that what it loses is found and sent again.

-- The event's place in the stream, when the relay knows it.
ALTER TABLE public.outbox ADD COLUMN IF NOT EXISTS stream_seq bigint;
-- When the event was set aside, because NATS refuses it and takes others.
ALTER TABLE public.outbox ADD COLUMN IF NOT EXISTS set_aside_at timestamptz;
CREATE INDEX IF NOT EXISTS outbox_stream_seq ON public.outbox (stream_seq) WHERE stream_seq IS NOT NULL;
CREATE INDEX IF NOT EXISTS outbox_set_aside ON public.outbox (set_aside_at) WHERE set_aside_at IS NOT NULL;

-- The stream as the publisher has last seen it. One row.
CREATE TABLE IF NOT EXISTS messaging.event_stream (
    is_only           boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    -- When it was created, by its own word: tells it from another one of the same name.
    created           text NOT NULL,
    -- How many messages are missing between its first and its last.
    holes             bigint NOT NULL,
    -- Up to here every message of ours was found in the outbox.
    last_seq          bigint NOT NULL,
    -- The newest generation of message ids. Events that are sent again have ids of a new one.
    generation        bigint NOT NULL DEFAULT 0,
    -- Up to this one, ids of the outbox were used for other events before the database was restored from a copy: an event
    -- with such an id is published in reused_generation.
    reused_to         bigint NOT NULL DEFAULT 0,
    reused_generation bigint NOT NULL DEFAULT 0
);

-- Channels whose events the publisher sends to the stream again, from a number on, in a generation.
CREATE TABLE IF NOT EXISTS messaging.refills (
    channel_id uuid PRIMARY KEY,
    seq        bigint NOT NULL,
    generation bigint NOT NULL
);
