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
