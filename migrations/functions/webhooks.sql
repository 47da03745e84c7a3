-- The queue of webhook deliveries: filled by matrix-events, emptied by ws-relay.

-- Queues a request's events for those who are subscribed to their rooms. The arrays go together, one element an event:
-- p_redacted_ids names the event that it redacts, p_edited_ids the one whose text it replaces. An event that is redacted,
-- before or by the same request, is not queued, and does not stay in the queue. A subscription has at most p_most in the
-- queue; further ones are dropped and counted.
CREATE FUNCTION messaging.queue_deliveries(
    p_room_ids text[], p_event_ids text[], p_types text[], p_redacted_ids text[], p_edited_ids text[], p_events text[],
    p_most integer, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    queued bigint := 0;
    dropped bigint := 0;
BEGIN
    PERFORM FROM messaging.gateway_subscriptions WHERE room_id = ANY (p_room_ids) LIMIT 1;
    IF FOUND THEN
        PERFORM messaging.forget_deliveries(r.room_id, r.redacted_id)
        FROM unnest(p_room_ids, p_redacted_ids) AS r (room_id, redacted_id) WHERE r.redacted_id IS NOT NULL;
        WITH subscribed AS MATERIALIZED (
            SELECT s.id, s.room_id, s.events, p_most - (
                SELECT count(*) FROM (SELECT FROM messaging.webhook_deliveries d
                                      WHERE d.subscription_id = s.id LIMIT p_most) waiting) AS free
            FROM messaging.gateway_subscriptions s WHERE s.room_id = ANY (p_room_ids)
        ), pushed AS (
            SELECT * FROM unnest(p_room_ids, p_event_ids, p_types, p_edited_ids, p_events) WITH ORDINALITY
                AS e (room_id, event_id, event_type, edited_event_id, event, place)
            WHERE NOT EXISTS (
                SELECT FROM unnest(p_room_ids, p_redacted_ids) AS r (room_id, event_id)
                WHERE r.room_id = e.room_id AND r.event_id IN (e.event_id, e.edited_event_id))
        ), wanted AS (
            SELECT s.id AS subscription_id, s.free, e.*, row_number() OVER (PARTITION BY s.id ORDER BY e.place) AS nth
            FROM subscribed s JOIN pushed e ON e.room_id = s.room_id
            WHERE (s.events = '{}' OR e.event_type = ANY (s.events)) AND NOT messaging.is_redacted(e.room_id, e.event_id)
                AND (e.edited_event_id IS NULL OR NOT messaging.is_redacted(e.room_id, e.edited_event_id))
        ), inserted AS (
            INSERT INTO messaging.webhook_deliveries (subscription_id, room_id, event_id, edited_event_id, event)
            SELECT subscription_id, room_id, event_id, edited_event_id, event FROM wanted WHERE nth <= free ORDER BY place
            ON CONFLICT (subscription_id, event_id) DO NOTHING RETURNING 1
        ), counted AS (
            UPDATE messaging.gateway_subscriptions s SET dropped = s.dropped + w.events
            FROM (SELECT subscription_id, count(*) AS events FROM wanted WHERE nth > free GROUP BY 1) w
            WHERE s.id = w.subscription_id RETURNING w.events
        )
        SELECT (SELECT count(*) FROM inserted), coalesce((SELECT sum(events) FROM counted), 0) INTO queued, dropped;
        IF queued > 0 THEN
            PERFORM pg_notify('webhooks', '');
        END IF;
    END IF;
    document := json_build_object('queued', queued, 'dropped', dropped);
END
$$;

-- Whether an event's content has to be gone, as far as the index knows.
CREATE FUNCTION messaging.is_redacted(p_room_id text, p_event_id text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM public.messages WHERE matrix_event_id = p_event_id AND deleted_at IS NOT NULL)
        OR EXISTS (SELECT FROM messaging.pending_redactions
                   WHERE channel_id = messaging.channel_of_room(p_room_id) AND event_id = p_event_id)
        OR EXISTS (SELECT FROM messaging.message_edits WHERE event_id = p_event_id AND redacted_at IS NOT NULL);
END
$$;

-- Takes an event that is redacted, and its edits, out of the queue.
CREATE FUNCTION messaging.forget_deliveries(p_room_id text, p_event_id text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM messaging.webhook_deliveries
    WHERE (event_id = p_event_id OR edited_event_id = p_event_id) AND room_id = p_room_id;
END
$$;

-- The deliveries that may begin: of each subscription the oldest in the queue, so that its events come in order, when its
-- time has come; of each host at most p_per_host. Those that have failed least come first.
CREATE FUNCTION messaging.list_due_deliveries(p_per_host integer, OUT refusal messaging.refusal, OUT document json)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    WITH RECURSIVE heads AS (
        (SELECT d.id, d.subscription_id, d.attempts, d.due_at FROM messaging.webhook_deliveries d
         ORDER BY d.subscription_id, d.id LIMIT 1)
        UNION ALL
        SELECT next.* FROM heads h, LATERAL (
            SELECT d.id, d.subscription_id, d.attempts, d.due_at FROM messaging.webhook_deliveries d
            WHERE d.subscription_id > h.subscription_id ORDER BY d.subscription_id, d.id LIMIT 1) next
    ), due AS (
        SELECT h.id, h.attempts, h.due_at, s.webhook_url, row_number() OVER (
            PARTITION BY lower(substring(s.webhook_url FROM '^[^/]*//[^/?]*')) ORDER BY h.attempts, h.due_at, h.id) AS place
        FROM heads h JOIN messaging.gateway_subscriptions s ON s.id = h.subscription_id
        WHERE h.due_at <= now()
    )
    SELECT coalesce(json_agg(json_build_object('id', id, 'webhook_url', webhook_url) ORDER BY attempts, due_at, id), '[]')
    INTO document FROM due WHERE place <= p_per_host;
END
$$;

-- Begins a try of these deliveries, each for one caller only; until p_seconds are over nobody else gets them. Those that
-- another one has got meanwhile are left out. A try counts from here on, whatever becomes of its relay.
CREATE FUNCTION messaging.claim_deliveries(
    p_ids bigint[], p_attempts integer, p_seconds integer, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
BEGIN
    WITH free AS (
        SELECT id FROM messaging.webhook_deliveries
        WHERE id = ANY (p_ids) AND due_at <= now() AND attempts < p_attempts FOR UPDATE SKIP LOCKED
    ), claimed AS (
        UPDATE messaging.webhook_deliveries d
        SET attempts = d.attempts + 1, due_at = now() + make_interval(secs => p_seconds)
        FROM free WHERE free.id = d.id RETURNING d.*
    )
    SELECT coalesce(json_agg(json_build_object(
        'id', c.id, 'attempts', c.attempts, 'subscription_id', s.id, 'webhook_url', s.webhook_url,
        'room_id', c.room_id, 'event', c.event) ORDER BY c.id), '[]') INTO document
    FROM claimed c JOIN messaging.gateway_subscriptions s ON s.id = c.subscription_id;
END
$$;

-- Ends the try p_attempts of a delivery: with p_seconds it is due again after that time, without it is gone.
CREATE FUNCTION messaging.end_delivery(
    p_id bigint, p_attempts integer, p_seconds integer, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
BEGIN
    IF p_seconds IS NULL THEN
        DELETE FROM messaging.webhook_deliveries WHERE id = p_id;
    ELSE
        UPDATE messaging.webhook_deliveries SET due_at = now() + make_interval(secs => p_seconds)
        WHERE id = p_id AND attempts = p_attempts;
    END IF;
END
$$;

-- Deletes what waits for longer than p_seconds, and whose last try was lost with its relay; at most p_limit of each.
CREATE FUNCTION messaging.expire_deliveries(
    p_attempts integer, p_seconds integer, p_limit integer, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    expired bigint;
    failed bigint;
BEGIN
    DELETE FROM messaging.webhook_deliveries WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM messaging.webhook_deliveries WHERE created_at < now() - make_interval(secs => p_seconds)
        ORDER BY created_at LIMIT p_limit FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS expired = ROW_COUNT;
    DELETE FROM messaging.webhook_deliveries WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM messaging.webhook_deliveries WHERE attempts >= p_attempts AND due_at <= now()
        LIMIT p_limit FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS failed = ROW_COUNT;
    document := json_build_object('expired', expired, 'failed', failed);
END
$$;
