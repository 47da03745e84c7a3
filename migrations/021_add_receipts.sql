-- What unread messages are counted by, and the receipts that are on their way to Matrix.

-- The messages of a channel, apart from its threads and from those that were deleted.
CREATE INDEX IF NOT EXISTS messages_channel_main ON public.messages (channel_id, seq)
    WHERE thread_id IS NULL AND deleted_at IS NULL;

-- How many messages there have been in a channel, apart from its threads, since they are counted; and how many there were
-- with this one. NULL: nobody counted yet.
ALTER TABLE public.channels ADD COLUMN IF NOT EXISTS main_count bigint NOT NULL DEFAULT 0;
ALTER TABLE public.messages ADD COLUMN IF NOT EXISTS main_number bigint;
-- It was counted, and should not be any more: it was deleted, or its thread was found.
ALTER TABLE public.messages ADD COLUMN IF NOT EXISTS is_uncounted boolean NOT NULL DEFAULT false;
CREATE INDEX IF NOT EXISTS messages_uncounted ON public.messages (channel_id, seq) WHERE is_uncounted;

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
