-- What messages are found by.

-- In our own statements only default operators of btree_gin are used, so it may be in any schema. Both are trusted: whoever may
-- make schemas in the database may make them, and where they are there already, nobody has to.
CREATE EXTENSION IF NOT EXISTS btree_gin SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;

-- One row a message that is neither deleted nor encrypted.
CREATE TABLE IF NOT EXISTS messaging.message_search (
    message_id uuid PRIMARY KEY REFERENCES public.messages (id) ON DELETE CASCADE,
    channel_id uuid NOT NULL REFERENCES public.channels (id) ON DELETE CASCADE,
    seq        bigint NOT NULL,
    -- The message's.
    created_at timestamptz NOT NULL,
    -- Of created_at in UTC, year * 12 + month: a search goes through the months from the newest.
    month      integer NOT NULL,
    -- Which version of the analysis made the lexemes; those of an earlier one are made anew by `ws-relay reindex`.
    analysis   smallint NOT NULL,
    has_link   boolean NOT NULL,
    lexemes    tsvector NOT NULL
);
-- Without a list of what is to be put in later: a search would read it all, and one message in a thousand would pay for it.
CREATE INDEX IF NOT EXISTS message_search_lexemes ON messaging.message_search
    USING gin (channel_id, month, lexemes) WITH (fastupdate = off);
-- How many are to be made anew.
CREATE INDEX IF NOT EXISTS message_search_analysis ON messaging.message_search (analysis);

-- Has no row there though it should have one: what there was before, and what components of before record.
ALTER TABLE public.messages ADD COLUMN IF NOT EXISTS awaits_reindex boolean NOT NULL DEFAULT true;
CREATE INDEX IF NOT EXISTS messages_awaiting_reindex ON public.messages (channel_id)
    WHERE awaits_reindex AND deleted_at IS NULL AND matrix_type <> 'm.room.encrypted';
