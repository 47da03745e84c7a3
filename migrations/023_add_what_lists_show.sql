-- What a list of channels shows and is ordered by, kept with each channel, so that a page costs what it shows.

-- How many members have joined. NULL: nobody has counted them yet. Whoever changes a membership then counts, and so does
-- delete_old_rows.
ALTER TABLE public.channels ADD COLUMN IF NOT EXISTS member_count bigint;
-- When its newest message was sent, a deleted one too; before the first, when it was made. NULL: not looked up yet.
-- It is in no index: with each message it changes, and the row is written in place only where no index has what changes.
ALTER TABLE public.channels ADD COLUMN IF NOT EXISTS active_at timestamptz;
-- The same for the indexes: it is moved up to active_at when that is 30 seconds ahead, and so never further behind.
ALTER TABLE public.channels ADD COLUMN IF NOT EXISTS indexed_active_at timestamptz;

-- Channels by who may see them, by activity.
CREATE INDEX IF NOT EXISTS channels_active_by_visibility
    ON public.channels (visibility, (coalesce(indexed_active_at, created_at)) DESC) WHERE archived_at IS NULL;
CREATE INDEX IF NOT EXISTS channels_active_of_microdao_by_visibility
    ON public.channels (microdao_id, visibility, (coalesce(indexed_active_at, created_at)) DESC) WHERE archived_at IS NULL;

-- Channels of earlier versions, until they are counted.
CREATE INDEX IF NOT EXISTS channels_not_counted ON public.channels (id)
    WHERE member_count IS NULL OR indexed_active_at IS NULL;
