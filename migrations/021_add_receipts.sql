-- What unread messages are counted by, and the receipts that are on their way to Matrix.

-- The messages of a channel, apart from its threads and from those that were deleted.
CREATE INDEX IF NOT EXISTS messages_channel_main ON public.messages (channel_id, seq) INCLUDE (sender_id)
    WHERE thread_id IS NULL AND deleted_at IS NULL;

-- One row for each place that somebody has read up to and Matrix is still to be told; a newer place takes the row over.
CREATE TABLE IF NOT EXISTS messaging.receipts_to_send (
    id         bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    channel_id uuid NOT NULL REFERENCES public.channels (id) ON DELETE CASCADE,
    member_id  text NOT NULL,
    -- The root of the thread that was read; the channel's own id for what is in no thread.
    root_id    uuid NOT NULL,
    is_private boolean NOT NULL,
    -- Up to this number they have read.
    seq        bigint NOT NULL,
    -- Not before then.
    due_at     timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (channel_id, member_id, root_id, is_private)
);
CREATE INDEX IF NOT EXISTS receipts_to_send_due ON messaging.receipts_to_send (due_at);
CREATE INDEX IF NOT EXISTS receipts_to_send_age ON messaging.receipts_to_send (created_at);
