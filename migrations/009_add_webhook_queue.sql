-- Events on their way to the webhooks that are subscribed to their rooms. What handles the homeserver's push only writes
-- them; ws-relay delivers and deletes them.
CREATE TABLE IF NOT EXISTS messaging.webhook_deliveries (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subscription_id uuid NOT NULL REFERENCES messaging.gateway_subscriptions (id) ON DELETE CASCADE,
    room_id         text NOT NULL,
    event_id        text NOT NULL,
    -- The event whose text this one replaces: what deletes that one deletes this one.
    edited_event_id text,
    -- JSON as it was pushed. Not jsonb, which takes no NUL.
    event           text NOT NULL,
    attempts        integer NOT NULL DEFAULT 0,
    -- When it is to be tried. During a try: when that try counts as lost, because its relay is gone.
    due_at          timestamptz NOT NULL DEFAULT now(),
    created_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (subscription_id, event_id)
);
CREATE INDEX IF NOT EXISTS webhook_deliveries_queue ON messaging.webhook_deliveries (subscription_id, id);
CREATE INDEX IF NOT EXISTS webhook_deliveries_event ON messaging.webhook_deliveries (event_id);
CREATE INDEX IF NOT EXISTS webhook_deliveries_edited ON messaging.webhook_deliveries (edited_event_id)
    WHERE edited_event_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS webhook_deliveries_age ON messaging.webhook_deliveries (created_at);

-- Events that found the subscription's queue full.
ALTER TABLE messaging.gateway_subscriptions ADD COLUMN IF NOT EXISTS dropped bigint NOT NULL DEFAULT 0;
