-- Who has made the row of somebody who was never in the channel, by banning or restricting them, and when: of that there is
-- a bound for each day.
ALTER TABLE public.channel_members ADD COLUMN IF NOT EXISTS noted_by text;
ALTER TABLE public.channel_members ADD COLUMN IF NOT EXISTS noted_at timestamptz;
CREATE INDEX IF NOT EXISTS channel_members_noted_by ON public.channel_members (noted_by, noted_at) WHERE noted_by IS NOT NULL;
