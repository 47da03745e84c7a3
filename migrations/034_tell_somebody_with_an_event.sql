-- What one person is told together with an event, on their own sockets: a frame as messaging.unread_frame makes it. A notification
-- of its own would have every such statement wait for the others. Gone once a relay that knows of it has published the event.
ALTER TABLE public.outbox ADD COLUMN IF NOT EXISTS personal text;
