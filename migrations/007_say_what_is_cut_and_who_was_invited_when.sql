-- Whether content_preview leaves something of the text out.
ALTER TABLE public.messages ADD COLUMN IF NOT EXISTS is_truncated boolean NOT NULL DEFAULT false;
-- When somebody was last invited; joined_at says whether they have come.
ALTER TABLE public.channel_members ADD COLUMN IF NOT EXISTS invited_at timestamptz;
-- The edit that a PATCH with this key led to.
ALTER TABLE messaging.idempotency_keys ADD COLUMN IF NOT EXISTS edit_event_id text;
