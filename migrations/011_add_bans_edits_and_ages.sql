-- What deleting a message has to reach, who is banned, and an age for every row that a caller can leave behind.

-- The edits of a message, so that each of them goes from Matrix and from the log with it.
CREATE TABLE IF NOT EXISTS messaging.message_edits (
    event_id    text PRIMARY KEY,
    message_id  uuid NOT NULL REFERENCES public.messages (id) ON DELETE CASCADE,
    channel_id  uuid NOT NULL REFERENCES public.channels (id) ON DELETE CASCADE,
    -- The numbers of the channel's events that show this edit's text.
    shown_seqs  bigint[] NOT NULL DEFAULT '{}',
    redacted_at timestamptz
);
CREATE INDEX IF NOT EXISTS message_edits_message ON messaging.message_edits (message_id) WHERE redacted_at IS NULL;
INSERT INTO messaging.message_edits (event_id, message_id, channel_id)
SELECT edit_event_id, id, channel_id FROM public.messages WHERE edit_event_id IS NOT NULL ON CONFLICT DO NOTHING;

-- The fingerprint of a text goes with the text.
UPDATE public.messages SET client_fingerprint = NULL WHERE deleted_at IS NOT NULL AND client_fingerprint IS NOT NULL;

-- Who is banned. left_at is set as well: the row is a former member's, or that of somebody who never was one.
ALTER TABLE public.channel_members ADD COLUMN IF NOT EXISTS banned_at timestamptz;
-- The homeserver has told of the ban for the channel's room, so it will tell of its end as well.
ALTER TABLE public.channel_members ADD COLUMN IF NOT EXISTS banned_in_room boolean NOT NULL DEFAULT false;
CREATE INDEX IF NOT EXISTS channel_members_banned ON public.channel_members (channel_id, banned_at) WHERE banned_at IS NOT NULL;

-- How many people somebody has invited lately.
CREATE INDEX IF NOT EXISTS channel_members_invited_by ON public.channel_members (invited_by, invited_at) WHERE invited_by IS NOT NULL;

-- What a finished request was answered with; NULL while it runs, and of requests whose result the index has anyway.
ALTER TABLE messaging.idempotency_keys ADD COLUMN IF NOT EXISTS status smallint;
ALTER TABLE messaging.idempotency_keys ADD COLUMN IF NOT EXISTS response text;

-- By age, for the relay that clears away what has had its time.
CREATE INDEX IF NOT EXISTS idempotency_keys_age ON messaging.idempotency_keys (created_at);
CREATE INDEX IF NOT EXISTS intents_age ON messaging.intents (created_at);
CREATE INDEX IF NOT EXISTS pending_relations_age ON messaging.pending_relations (created_at);
CREATE INDEX IF NOT EXISTS pending_redactions_age ON messaging.pending_redactions (created_at);
