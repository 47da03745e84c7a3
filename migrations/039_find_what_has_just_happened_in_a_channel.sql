-- What was written of a channel in the last minute, which decides whether a room is closed again. 037 dropped this one.
CREATE INDEX IF NOT EXISTS channel_events_channel ON public.channel_events (channel_id, created_at);
