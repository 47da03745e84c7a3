-- Events of the homeserver that could not be indexed. At first the homeserver sends such an event again, and everything
-- waits behind it; once it is set aside it waits here alone, until it is replayed.
CREATE TABLE IF NOT EXISTS messaging.set_aside_events (
    event_id        text PRIMARY KEY,
    room_id         text NOT NULL,
    event_type      text NOT NULL,
    -- JSON as it was pushed. Not jsonb, which takes no NUL, and cannot be why keeping an event fails.
    event           text NOT NULL,
    reason          text NOT NULL,
    attempts        integer NOT NULL DEFAULT 1,
    first_failed_at timestamptz NOT NULL DEFAULT now(),
    last_failed_at  timestamptz NOT NULL DEFAULT now(),
    -- NULL: it failed, and is still to come again.
    set_aside_at    timestamptz
);
CREATE INDEX IF NOT EXISTS set_aside_events_waiting ON messaging.set_aside_events (first_failed_at, event_id)
    WHERE set_aside_at IS NOT NULL;
