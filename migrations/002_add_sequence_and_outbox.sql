-- Adds the channel's event sequence and the outbox to the five tables, whether 001 or the platform made them.

ALTER TABLE channels ADD COLUMN IF NOT EXISTS last_seq bigint NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN IF NOT EXISTS seq bigint;
ALTER TABLE messages ADD COLUMN IF NOT EXISTS client_key text;
-- The hash of the request that came with client_key: the same key with another body is an error.
ALTER TABLE messages ADD COLUMN IF NOT EXISTS client_request text;
-- An invited person who has not accepted yet has no joined_at.
ALTER TABLE channel_members ALTER COLUMN joined_at DROP NOT NULL;

-- The platform's trigger sets updated_at whenever a row is written. A new last_seq is no change of the channel.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'channels'::regclass AND tgname = 'channels_updated_at') THEN
        DROP TRIGGER channels_updated_at ON channels;
        CREATE TRIGGER channels_updated_at
            BEFORE UPDATE OF slug, name, description, microdao_id, matrix_room_id, visibility, is_direct, is_encrypted, topic,
                avatar_url, archived_at ON channels
            FOR EACH ROW EXECUTE FUNCTION update_updated_at();
    END IF;
END
$$;

-- Numbering the rows is no change of what they say, so no trigger of the platform's shall note one.
ALTER TABLE messages DISABLE TRIGGER USER;
ALTER TABLE channels DISABLE TRIGGER USER;

-- Rows that were there before the sequence: numbered in the order in which they were written.
UPDATE messages m SET seq = n.seq
FROM (SELECT msg.id, ch.last_seq + row_number() OVER (PARTITION BY msg.channel_id ORDER BY msg.created_at, msg.id) AS seq
      FROM messages msg JOIN channels ch ON ch.id = msg.channel_id WHERE msg.seq IS NULL) n
WHERE n.id = m.id;
UPDATE channels c SET last_seq = greatest(c.last_seq, s.seq)
FROM (SELECT channel_id, max(seq) AS seq FROM messages GROUP BY channel_id) s
WHERE s.channel_id = c.id;
ALTER TABLE messages ENABLE TRIGGER USER;
ALTER TABLE channels ENABLE TRIGGER USER;
ALTER TABLE messages ALTER COLUMN seq SET NOT NULL;

CREATE UNIQUE INDEX IF NOT EXISTS messages_channel_seq ON messages (channel_id, seq);
CREATE UNIQUE INDEX IF NOT EXISTS messages_client_key ON messages (channel_id, sender_id, client_key) WHERE client_key IS NOT NULL;
CREATE INDEX IF NOT EXISTS messages_channel_created ON messages (channel_id, created_at, seq);
CREATE INDEX IF NOT EXISTS messages_thread_seq ON messages (thread_id, seq) WHERE thread_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS channels_listing ON channels (created_at DESC, id DESC) WHERE archived_at IS NULL;
CREATE INDEX IF NOT EXISTS channel_members_member ON channel_members (member_id, channel_id) WHERE left_at IS NULL;
CREATE INDEX IF NOT EXISTS message_reactions_event ON message_reactions (matrix_event_id);
CREATE INDEX IF NOT EXISTS channel_events_channel ON channel_events (channel_id, created_at);

-- Every event, written by the statement that changed the index. Until published_at is set it has to reach
-- NATS; after that it is the log from which a client catches up.
CREATE TABLE IF NOT EXISTS outbox (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id     uuid NOT NULL DEFAULT gen_random_uuid(),
    channel_id   uuid NOT NULL,
    microdao_id  text NOT NULL,
    -- The channel's number of this event. An integration.* event carries the number of the event it accompanies.
    seq          bigint NOT NULL,
    subject      text NOT NULL,
    payload      jsonb NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz
);
CREATE INDEX IF NOT EXISTS outbox_unpublished ON outbox (id) WHERE published_at IS NULL;
CREATE INDEX IF NOT EXISTS outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS outbox_channel_seq ON outbox (channel_id, seq) WHERE subject LIKE 'messaging.%';
