-- The webhooks that a room's events are sent to.

-- Subscribes; the same room and URL again is the same subscription, with the new types. The subscription_id is null
-- when the room has p_most others already.
CREATE FUNCTION messaging.subscribe(
    p_room_id text, p_webhook_url text, p_events text[], p_most integer, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    subscription uuid;
BEGIN
    INSERT INTO messaging.gateway_subscriptions AS s (room_id, webhook_url, events)
    SELECT p_room_id, p_webhook_url, p_events
    WHERE (SELECT count(*) FROM messaging.gateway_subscriptions
           WHERE room_id = p_room_id AND webhook_url <> p_webhook_url) < p_most
    ON CONFLICT (room_id, webhook_url) DO UPDATE SET events = excluded.events
    RETURNING s.id INTO subscription;
    document := json_build_object('subscription_id', subscription);
END
$$;

CREATE FUNCTION messaging.unsubscribe(p_id uuid, OUT refusal messaging.refusal, OUT document json) LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM messaging.gateway_subscriptions WHERE id = p_id;
    document := json_build_object('unsubscribed', FOUND);
END
$$;

-- The subscriptions of a room; for components that forward by themselves instead of filling the queue (webhooks.sql).
CREATE FUNCTION messaging.list_subscriptions(p_room_id text, OUT refusal messaging.refusal, OUT document json)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    document := json_build_object('subscriptions', (
        SELECT coalesce(json_agg(json_build_object('subscription_id', id, 'webhook_url', webhook_url, 'events', events)
                                 ORDER BY created_at, id), '[]')
        FROM messaging.gateway_subscriptions WHERE room_id = p_room_id));
END
$$;
