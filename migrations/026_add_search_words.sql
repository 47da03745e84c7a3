-- What may have been meant by a word that is misspelt.

-- The words of messages that a whole microDAO may read, from which a search suggests others. What is said in closed channels is
-- not among them.
CREATE TABLE IF NOT EXISTS messaging.search_words (
    microdao_id  text NOT NULL,
    word         text NOT NULL,
    -- The word in letters and digits of ASCII, one for each letter: pg_trgm knows no others where the locale of the database
    -- is "C".
    key          text NOT NULL,
    -- How many messages have it.
    messages     integer NOT NULL,
    -- Since then no message has, to the day.
    last_seen_at timestamptz NOT NULL,
    PRIMARY KEY (microdao_id, word)
);
CREATE INDEX IF NOT EXISTS search_words_age ON messaging.search_words (last_seen_at);
-- What one message alone has brought goes earlier.
CREATE INDEX IF NOT EXISTS search_words_single ON messaging.search_words (last_seen_at) WHERE messages = 1;
-- Wherever the extension is. Few words are new, so what waits to be put in stays short.
DO $$
BEGIN
    EXECUTE format('CREATE INDEX IF NOT EXISTS search_words_key ON messaging.search_words USING gin ((ARRAY[microdao_id]), key %s.gin_trgm_ops)',
        (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'pg_trgm'));
END
$$;

-- Messages whose words are not learnt yet, and the lexemes of what is said no more: who writes does not wait for either. What a
-- crash of the server loses is a word less, or one that stays until its time.
CREATE UNLOGGED TABLE IF NOT EXISTS messaging.search_words_to_learn (
    message_id uuid PRIMARY KEY
);
CREATE UNLOGGED TABLE IF NOT EXISTS messaging.search_words_to_forget (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    microdao_id text NOT NULL,
    lexemes     tsvector NOT NULL
);
