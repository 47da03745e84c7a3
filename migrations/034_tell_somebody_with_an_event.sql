-- What one person is told together with an event, on their own sockets: a frame as messaging.personal_frame makes it. A notification
-- of its own would have every such statement wait for the others. Gone once the event is published.
ALTER TABLE public.outbox ADD COLUMN IF NOT EXISTS personal text;
