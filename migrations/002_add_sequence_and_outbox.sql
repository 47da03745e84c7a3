-- Adds what the index needs to the five tables, whether 001 or the platform made them: the channel's event sequence,
-- further columns, indexes, and the outbox.

ALTER TABLE public.channels ADD COLUMN IF NOT EXISTS last_seq bigint NOT NULL DEFAULT 0;
ALTER TABLE public.messages ADD COLUMN IF NOT EXISTS seq bigint;
ALTER TABLE public.messages ADD COLUMN IF NOT EXISTS client_key text;
-- The hash of the request that came with client_key: the same key with another body is an error.
ALTER TABLE public.messages ADD COLUMN IF NOT EXISTS client_fingerprint text;
-- The room that holds the event: a channel's room changes when it is upgraded.
ALTER TABLE public.messages ADD COLUMN IF NOT EXISTS matrix_room_id text;
-- The edit that the row shows, so that a late, older one does not undo it.
ALTER TABLE public.messages ADD COLUMN IF NOT EXISTS edit_event_id text;
-- An invited person who has not accepted yet has no joined_at.
ALTER TABLE public.channel_members ALTER COLUMN joined_at DROP NOT NULL;
-- When the homeserver says the membership last changed: its pushes may come late and out of order.
ALTER TABLE public.channel_members ADD COLUMN IF NOT EXISTS matrix_changed_at timestamptz;
-- When the API last asked for a change of the role: an older push of the room's power levels must not undo it.
ALTER TABLE public.channel_members ADD COLUMN IF NOT EXISTS role_asked_at timestamptz;

-- The platform's trigger sets updated_at whenever a row is written. A new last_seq is no change of the channel.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_trigger
               WHERE tgrelid = 'public.channels'::pg_catalog.regclass AND tgname = 'channels_updated_at') THEN
        DROP TRIGGER channels_updated_at ON public.channels;
        CREATE TRIGGER channels_updated_at
            BEFORE UPDATE OF slug, name, description, microdao_id, matrix_room_id, visibility, is_direct, is_encrypted, topic,
                avatar_url, archived_at ON public.channels
            FOR EACH ROW EXECUTE FUNCTION public.update_updated_at();
    END IF;
END
$$;

-- Numbering the rows is no change of what they say, so no trigger of the platform's shall note one.
ALTER TABLE public.messages DISABLE TRIGGER USER;
ALTER TABLE public.channels DISABLE TRIGGER USER;

-- Rows that were there before the sequence: numbered in the order in which they were written.
UPDATE public.messages m SET seq = n.seq
FROM (SELECT msg.id, ch.last_seq + row_number() OVER (PARTITION BY msg.channel_id ORDER BY msg.created_at, msg.id) AS seq
      FROM public.messages msg JOIN public.channels ch ON ch.id = msg.channel_id WHERE msg.seq IS NULL) n
WHERE n.id = m.id;
UPDATE public.channels c SET last_seq = s.seq
FROM (SELECT channel_id, max(seq) AS seq FROM public.messages GROUP BY channel_id) s
WHERE s.channel_id = c.id AND s.seq > c.last_seq;
ALTER TABLE public.messages ENABLE TRIGGER USER;
ALTER TABLE public.channels ENABLE TRIGGER USER;
ALTER TABLE public.messages ALTER COLUMN seq SET NOT NULL;

CREATE UNIQUE INDEX IF NOT EXISTS messages_channel_seq ON public.messages (channel_id, seq);
CREATE UNIQUE INDEX IF NOT EXISTS messages_client_key ON public.messages (channel_id, sender_id, client_key)
    WHERE client_key IS NOT NULL;
CREATE INDEX IF NOT EXISTS messages_channel_created ON public.messages (channel_id, created_at, seq);
CREATE INDEX IF NOT EXISTS messages_thread_seq ON public.messages (thread_id, seq) WHERE thread_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS messages_edit_event ON public.messages (edit_event_id) WHERE edit_event_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS channels_listing ON public.channels (created_at DESC, id DESC) WHERE archived_at IS NULL;
CREATE INDEX IF NOT EXISTS channels_microdao_listing ON public.channels (microdao_id, created_at DESC, id DESC)
    WHERE archived_at IS NULL;
CREATE INDEX IF NOT EXISTS channel_members_member ON public.channel_members (member_id, channel_id) WHERE left_at IS NULL;
CREATE INDEX IF NOT EXISTS channel_members_listing ON public.channel_members (channel_id, id) WHERE left_at IS NULL;
CREATE INDEX IF NOT EXISTS message_reactions_event ON public.message_reactions (matrix_event_id);
CREATE INDEX IF NOT EXISTS channel_events_channel ON public.channel_events (channel_id, created_at);

-- Every event, written by the statement that changed the index. Until published_at is set it has to reach
-- NATS; after that it is the log from which a client catches up.
CREATE TABLE IF NOT EXISTS public.outbox (
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
CREATE INDEX IF NOT EXISTS outbox_unpublished ON public.outbox (id) WHERE published_at IS NULL;
CREATE INDEX IF NOT EXISTS outbox_published ON public.outbox (published_at) WHERE published_at IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS outbox_channel_seq ON public.outbox (channel_id, seq) WHERE subject LIKE 'messaging.%';
CREATE INDEX IF NOT EXISTS outbox_integration ON public.outbox (channel_id, seq)
    WHERE subject = 'integration.matrix.message';
-- A deleted message's text is taken out of the log as well.
CREATE INDEX IF NOT EXISTS outbox_message ON public.outbox ((payload ->> 'message_id')) WHERE payload ? 'message_id';
