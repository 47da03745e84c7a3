-- Events say which request wrote them (X-Request-Id), so that one can be followed to the line of the relay that publishes it. NULL:
-- no request did, or an earlier version of a component.
ALTER TABLE public.outbox ADD COLUMN IF NOT EXISTS request_id text;
