-- Who wants to hear of a room's events by webhook. matrix-gateway keeps the list, matrix-events forwards.

CREATE TABLE messaging.gateway_subscriptions (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    room_id     text NOT NULL,
    webhook_url text NOT NULL,
    -- The types of event; none: every type.
    events      text[] NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (room_id, webhook_url)
);

-- Subscribes; the same room and URL again is the same subscription, with the new types. {"subscription_id": null}
-- when the room has as many as it may have.
CREATE FUNCTION messaging.subscribe(p_room_id text, p_webhook_url text, p_events text[], p_most integer) RETURNS jsonb LANGUAGE sql AS $$
    WITH subscribed AS (
        INSERT INTO messaging.gateway_subscriptions AS s (room_id, webhook_url, events)
        SELECT p_room_id, p_webhook_url, p_events
        WHERE (SELECT count(*) FROM messaging.gateway_subscriptions
               WHERE room_id = p_room_id AND webhook_url <> p_webhook_url) < p_most
        ON CONFLICT (room_id, webhook_url) DO UPDATE SET events = excluded.events
        RETURNING s.id)
    SELECT jsonb_build_object('subscription_id', (SELECT id FROM subscribed))
$$;

CREATE FUNCTION messaging.unsubscribe(p_id uuid) RETURNS jsonb LANGUAGE sql AS $$
    WITH gone AS (DELETE FROM messaging.gateway_subscriptions WHERE id = p_id RETURNING 1)
    SELECT jsonb_build_object('unsubscribed', EXISTS (SELECT FROM gone))
$$;

-- For whoever forwards an event of the room: [{"subscription_id", "webhook_url", "events"}].
CREATE FUNCTION messaging.subscriptions_for_room(p_room_id text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('subscription_id', id, 'webhook_url', webhook_url, 'events', events)
                              ORDER BY created_at, id), '[]')
    FROM messaging.gateway_subscriptions WHERE room_id = p_room_id
$$;
