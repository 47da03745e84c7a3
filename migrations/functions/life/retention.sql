-- How long messages are kept: a channel's own days, at most the platform's.

-- For how many days a channel's messages are kept; NULL: for ever.
CREATE FUNCTION messaging.kept_days(ch public.channels) RETURNS integer LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN least(ch.retention_days, (SELECT max_days FROM messaging.retention_limit));
END
$$;

-- What was sent before this is to go; NULL: nothing.
CREATE FUNCTION messaging.kept_since(ch public.channels) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF ch.hold_reason IS NOT NULL THEN
        RETURN NULL;
    END IF;
    RETURN now() - make_interval(hours => 24 * messaging.kept_days(ch));
END
$$;

-- Whether somebody's erasure is not finished, or was after they had said this. p_sent_at NULL: it is being said now.
CREATE FUNCTION messaging.is_of_erased(p_matrix_user_id text, p_sent_at timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM messaging.erasures e
                   WHERE e.person = messaging.hash_of_person(p_matrix_user_id)
                       AND (e.finished_at IS NULL OR p_sent_at <= e.finished_at));
END
$$;

-- Whether a message that comes is not to be indexed any more: its time is over, or its sender was erased after they had sent it.
CREATE FUNCTION messaging.is_unwanted(ch public.channels, p_sent_at timestamptz, p_sender_matrix_id text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce(p_sent_at < messaging.kept_since(ch), false)
        OR ch.hold_reason IS NULL AND messaging.is_of_erased(p_sender_matrix_id, p_sent_at);
END
$$;

-- The channel's oldest messages that are not deleted and wait for no removal. enable_sort is off for the reason that
-- messaging.messages_beside gives.
CREATE FUNCTION messaging.oldest_messages(p_channel_id uuid, p_limit integer) RETURNS SETOF public.messages
LANGUAGE plpgsql STABLE ROWS 50 SET enable_sort = off AS $$
BEGIN
    RETURN QUERY SELECT * FROM public.messages m
    WHERE m.channel_id = p_channel_id AND m.deleted_at IS NULL
        AND NOT EXISTS (SELECT FROM messaging.removals q WHERE q.event_id = m.matrix_event_id)
    ORDER BY m.seq LIMIT p_limit;
END
$$;

-- Whether an event of this type is something that somebody says. Others, such as who is out of the room and what is redacted,
-- have no time: they are still to be followed.
CREATE FUNCTION messaging.is_said(p_event_type text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT p_event_type IN ('m.room.message', 'm.room.encrypted', 'm.sticker', 'm.reaction')
        OR starts_with(p_event_type, 'm.poll.') OR starts_with(p_event_type, 'org.matrix.msc3381.poll.')
$$;

-- Notes what of a channel has had its time, at most p_limit messages; returns how many. Of what could not be indexed only
-- the time of its failure is known. Some of this may still be on its way to a message that has gone.
CREATE FUNCTION messaging.note_expired(ch public.channels, p_limit integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    kept_since timestamptz := messaging.kept_since(ch);
    noted integer;
BEGIN
    -- created_at never falls as seq rises, so the oldest ones are the first.
    INSERT INTO messaging.removals (event_id, channel_id, room_id, kind)
    SELECT m.matrix_event_id, ch.id, coalesce(m.matrix_room_id, ch.matrix_room_id), 'message'
    FROM messaging.oldest_messages(ch.id, p_limit) m WHERE m.created_at < kept_since
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS noted = ROW_COUNT;
    WITH gone AS (
        DELETE FROM messaging.set_aside_events WHERE event_id IN (
            SELECT s.event_id FROM messaging.set_aside_events s
            WHERE s.room_id IN (SELECT ch.matrix_room_id UNION SELECT f.room_id FROM messaging.former_rooms f WHERE f.channel_id = ch.id)
                AND s.first_failed_at < kept_since AND messaging.is_said(s.event_type) LIMIT p_limit)
        RETURNING event_id, room_id
    )
    INSERT INTO messaging.removals (event_id, channel_id, room_id, kind)
    SELECT g.event_id, ch.id, g.room_id, 'unindexed' FROM gone g ON CONFLICT DO NOTHING;
    DELETE FROM messaging.pending_relations WHERE event_id IN (
        SELECT r.event_id FROM messaging.pending_relations r
        WHERE r.channel_id = ch.id AND r.created_at < kept_since LIMIT p_limit);
    RETURN noted;
END
$$;

-- Notes what is to go next, and tells whether there is something to carry out. p_max_days is the platform's maximum, which
-- holds from then on. Of a channel in which nothing has had its time the next look is an hour later; that of 100 channels at
-- most is had at once. What rooms refuse waits for its next try and holds up nobody else.
CREATE FUNCTION messaging.note_removals(
    p_max_days integer, p_limit integer, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    room integer;
    noted integer;
BEGIN
    INSERT INTO messaging.retention_limit AS l (max_days) VALUES (p_max_days)
    ON CONFLICT (is_only) DO UPDATE SET max_days = excluded.max_days WHERE l.max_days IS DISTINCT FROM excluded.max_days;
    IF FOUND THEN
        DELETE FROM messaging.retention_looks;
    END IF;
    room := p_limit - (SELECT count(*) FROM (
        SELECT FROM messaging.removals q JOIN public.channels c ON c.id = q.channel_id
        WHERE q.tries = 0 AND c.hold_reason IS NULL LIMIT p_limit) q);
    FOR ch IN
        -- Two branches: without a maximum only those with days of their own are read.
        WITH kept AS (
            SELECT * FROM public.channels WHERE retention_days IS NOT NULL
            UNION ALL
            SELECT * FROM public.channels WHERE retention_days IS NULL AND p_max_days IS NOT NULL)
        SELECT c.* FROM kept c LEFT JOIN messaging.retention_looks l ON l.channel_id = c.id
        WHERE c.hold_reason IS NULL
            AND (l.next_at IS NULL OR l.next_at <= now())
            AND (SELECT count(*) FROM (SELECT FROM messaging.removals q WHERE q.channel_id = c.id LIMIT p_limit) q) < p_limit
        ORDER BY l.next_at NULLS FIRST, c.id LIMIT 100
    LOOP
        EXIT WHEN room <= 0;
        noted := messaging.note_expired(ch, room);
        INSERT INTO messaging.retention_looks (channel_id, next_at)
        VALUES (ch.id, CASE WHEN noted = room THEN now() ELSE now() + interval '1 hour' END)
        ON CONFLICT (channel_id) DO UPDATE SET next_at = excluded.next_at;
        room := room - noted;
    END LOOP;
    document := json_build_object('is_due', EXISTS (
        SELECT FROM messaging.removals q JOIN public.channels c ON c.id = q.channel_id
        WHERE q.due_at <= now() AND c.hold_reason IS NULL)
        OR EXISTS (SELECT FROM messaging.erasures WHERE phase = 'leaving' AND leased_until <= now()));
END
$$;

-- A channel's days or its hold were changed: it is looked at anew, and of what is noted only that goes on which has begun. The
-- caller of this function holds the channel's row.
CREATE FUNCTION messaging.look_again(p_channel_id uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM messaging.retention_looks WHERE channel_id = p_channel_id;
    DELETE FROM messaging.removals q
    WHERE q.channel_id = p_channel_id AND q.kind = 'message' AND q.erasure_id IS NULL AND NOT q.is_claimed AND NOT EXISTS (
        SELECT FROM public.messages m WHERE m.matrix_event_id = q.event_id AND m.deleted_at IS NOT NULL);
END
$$;
