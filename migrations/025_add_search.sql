-- What messages are found by.

-- Trusted: whoever may make schemas in the database may make it, and where it is there already, nobody has to.
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;

-- One row a message that is neither deleted nor encrypted.
CREATE TABLE IF NOT EXISTS messaging.message_search (
    message_id uuid PRIMARY KEY REFERENCES public.messages (id) ON DELETE CASCADE,
    channel_id uuid NOT NULL REFERENCES public.channels (id) ON DELETE CASCADE,
    -- The message's.
    created_at timestamptz NOT NULL,
    -- The number of its 1,024 seconds since 1970: see messaging.search_window.
    slot       integer NOT NULL GENERATED ALWAYS AS (
        floor(extract(epoch FROM created_at AT TIME ZONE 'UTC') / 1024)::integer) STORED,
    -- Which version of the analysis made the lexemes; those of an earlier one are made anew by `ws-relay reindex`.
    analysis   smallint NOT NULL,
    -- Words and marks: see messaging.search_vector.
    lexemes    tsvector NOT NULL
);
-- Its channel, its windows of time (see messaging.search_window), its words. Without a list of what is to be put in later: a
-- search would read it all, and one message in a thousand would pay for it.
CREATE INDEX IF NOT EXISTS message_search_lexemes ON messaging.message_search USING gin (
    (ARRAY[channel_id]),
    (ARRAY[slot * 8, (slot >> 3) * 8 + 1, (slot >> 6) * 8 + 2, (slot >> 9) * 8 + 3, (slot >> 12) * 8 + 4]),
    lexemes) WITH (fastupdate = off);
CREATE INDEX IF NOT EXISTS message_search_place ON messaging.message_search (created_at, message_id);
CREATE INDEX IF NOT EXISTS message_search_channel ON messaging.message_search (channel_id, created_at, message_id);
-- For count_messages_to_reindex.
CREATE INDEX IF NOT EXISTS message_search_analysis ON messaging.message_search (analysis);

-- Where somebody searches: archived channels too, and those of which only a name is known.
CREATE INDEX IF NOT EXISTS channels_searched ON public.channels (visibility, microdao_id);
CREATE INDEX IF NOT EXISTS channels_by_name ON public.channels (lower(name));
CREATE INDEX IF NOT EXISTS profiles_by_name ON messaging.profiles (lower(display_name));

-- The message should have a row in message_search and has none: it is older than search, or components of before recorded it.
ALTER TABLE public.messages ADD COLUMN IF NOT EXISTS awaits_reindex boolean NOT NULL DEFAULT true;
CREATE INDEX IF NOT EXISTS messages_awaiting_reindex ON public.messages (channel_id)
    WHERE awaits_reindex AND deleted_at IS NULL AND matrix_type <> 'm.room.encrypted';
