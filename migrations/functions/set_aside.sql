-- Events of the homeserver that could not be indexed: counted, set aside, replayed.

-- Counts a failure, in a statement of its own, and decides whether the event is set aside. p_fault says whose fault it is:
--   'event'      its own: the same again fails again, so at once;
--   'statement'  the third time: what hangs or breaks on these rows must not hold up other channels for ever;
--   'unknown'    likewise;
--   'database'   not for 10 minutes. While the database is away this statement fails as well, and nothing is counted;
--                when it is counted, only a part is missing, as before a migration, and that part may come;
--   'gateway'    likewise not for 10 minutes: the homeserver's retries are quick, and the database counts them while the
--                gateway or what it asks is away.
-- p_others are ids of events that are yet to be indexed; the document names those that are set aside already.
CREATE FUNCTION messaging.note_failed_event(
    p_event_id text, p_room_id text, p_event_type text, p_event text, p_reason text, p_fault text, p_others text[],
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    noted messaging.set_aside_events;
BEGIN
    -- Those that came again and were indexed have left a count behind.
    DELETE FROM messaging.set_aside_events WHERE event_id IN (
        SELECT event_id FROM messaging.set_aside_events
        WHERE set_aside_at IS NULL AND last_failed_at < now() - interval '1 day' LIMIT 100);
    INSERT INTO messaging.set_aside_events AS s (event_id, room_id, event_type, event, reason)
    VALUES (p_event_id, p_room_id, p_event_type, p_event, p_reason)
    ON CONFLICT (event_id) DO UPDATE SET
        reason = excluded.reason, attempts = s.attempts + 1, last_failed_at = excluded.last_failed_at
    RETURNING * INTO noted;
    IF noted.set_aside_at IS NULL AND (p_fault = 'event' OR noted.attempts >= 3
        AND (p_fault NOT IN ('database', 'gateway') OR noted.first_failed_at < now() - interval '10 minutes')) THEN
        UPDATE messaging.set_aside_events SET set_aside_at = now() WHERE event_id = p_event_id RETURNING * INTO noted;
    END IF;
    document := json_build_object(
        'is_set_aside', noted.set_aside_at IS NOT NULL, 'attempts', noted.attempts,
        'others', (SELECT coalesce(json_agg(o.event_id), '[]') FROM messaging.set_aside_events o
                   WHERE o.event_id = ANY (p_others) AND o.set_aside_at IS NOT NULL));
END
$$;

-- What is set aside, oldest first, without content.
CREATE FUNCTION messaging.list_set_aside_events(p_limit integer, OUT refusal messaging.refusal, OUT document json)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT coalesce(json_agg(json_build_object(
        'event_id', s.event_id, 'room_id', s.room_id, 'event_type', s.event_type, 'reason', s.reason,
        'attempts', s.attempts, 'first_failed_at', messaging.rfc3339(s.first_failed_at),
        'last_failed_at', messaging.rfc3339(s.last_failed_at), 'set_aside_at', messaging.rfc3339(s.set_aside_at))
        ORDER BY s.first_failed_at, s.event_id), '[]') INTO document
    FROM (SELECT * FROM messaging.set_aside_events WHERE set_aside_at IS NOT NULL
          ORDER BY first_failed_at, event_id LIMIT p_limit) s;
END
$$;

-- The oldest event that is set aside and has not failed since p_since, the beginning of a replay (NULL: this moment).
CREATE FUNCTION messaging.next_set_aside_event(p_since text, OUT refusal messaging.refusal, OUT document json)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    since timestamptz := coalesce(p_since::timestamptz, now());
BEGIN
    document := json_build_object('since', messaging.rfc3339(since), 'event', (
        SELECT s.event FROM messaging.set_aside_events s
        WHERE s.set_aside_at IS NOT NULL AND s.last_failed_at < since ORDER BY s.first_failed_at, s.event_id LIMIT 1));
END
$$;

-- An event is indexed after all, or its content must go.
CREATE FUNCTION messaging.forget_set_aside_event(p_event_id text, OUT refusal messaging.refusal, OUT document json)
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM messaging.set_aside_events WHERE event_id = p_event_id;
END
$$;
