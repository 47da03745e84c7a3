-- Carrying out removals: claim_removals before they are redacted in Matrix, end_removal after each.

-- How often a room is asked for a redaction that it refuses.
CREATE FUNCTION messaging.max_refused_removals() RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT 5
$$;

-- An event that comes when its time is over, or its sender was erased: it is not indexed, and goes in Matrix as well.
CREATE FUNCTION messaging.note_unindexed(ch public.channels, p_room_id text, p_event_id text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO messaging.removals (event_id, channel_id, room_id, kind)
    VALUES (p_event_id, ch.id, p_room_id, 'unindexed') ON CONFLICT DO NOTHING;
END
$$;

-- Whether what was noted still has to go. Since then a channel's days, or the platform's, may have become more, by somebody of
-- whom the look that has noted it knew nothing.
CREATE FUNCTION messaging.has_still_to_go(q messaging.removals, ch public.channels) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN q.kind <> 'message' OR q.erasure_id IS NOT NULL OR NOT EXISTS (
        SELECT FROM public.messages m WHERE m.matrix_event_id = q.event_id AND m.deleted_at IS NULL
            AND m.created_at >= coalesce(messaging.kept_since(ch), '-infinity'));
END
$$;

-- Takes what is to be redacted in Matrix. Nobody else gets it for p_seconds. A channel whose row somebody writes at the moment is left for later:
-- it may be put on hold just then. What has time again is noted no more.
CREATE FUNCTION messaging.claim_removals(
    p_limit integer, p_seconds integer, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM messaging.removals WHERE event_id = ANY (ARRAY(
        SELECT q.event_id FROM messaging.removals q JOIN public.channels ch ON ch.id = q.channel_id
        WHERE q.due_at <= now() AND ch.hold_reason IS NULL AND NOT messaging.has_still_to_go(q, ch)
        ORDER BY q.due_at LIMIT 1000 FOR UPDATE OF q SKIP LOCKED));
    WITH due AS MATERIALIZED (
        SELECT q.event_id FROM messaging.removals q JOIN public.channels ch ON ch.id = q.channel_id
        WHERE q.due_at <= now() AND ch.hold_reason IS NULL AND messaging.has_still_to_go(q, ch)
        ORDER BY q.due_at LIMIT p_limit FOR UPDATE OF q SKIP LOCKED FOR SHARE OF ch SKIP LOCKED
    ), claimed AS (
        UPDATE messaging.removals q SET is_claimed = true, due_at = now() + make_interval(secs => p_seconds)
        FROM due d WHERE q.event_id = d.event_id RETURNING q.*
    )
    SELECT json_build_object('removals', coalesce(json_agg(json_build_object(
        'event_id', c.event_id, 'room_id', c.room_id,
        'is_redacted', EXISTS (SELECT FROM public.messages m WHERE m.matrix_event_id = c.event_id AND m.deleted_at IS NOT NULL),
        'is_message', c.kind <> 'relation')), '[]'))
    INTO document FROM claimed c;
END
$$;

-- These were claimed, and nothing was done about them.
CREATE FUNCTION messaging.return_removals(p_event_ids text[], OUT refusal messaging.refusal, OUT document json)
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE messaging.removals SET is_claimed = false, due_at = now() WHERE event_id = ANY (p_event_ids) AND is_claimed;
END
$$;

-- What belongs to a message that is removed goes after it: its edits, its reactions and its votes, as many as are looked at
-- once. What people have reacted is told with the message's deletion. Returns whether there may be more.
CREATE FUNCTION messaging.note_relations(q messaging.removals, m public.messages) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    most constant integer := 500;
    noted integer;
BEGIN
    WITH gone AS (
        DELETE FROM public.message_reactions WHERE id IN (
            SELECT r.id FROM public.message_reactions r WHERE r.message_id = m.id LIMIT most)
        RETURNING matrix_event_id, removed_at
    ), kept_out AS (
        INSERT INTO messaging.pending_redactions (event_id, channel_id)
        SELECT g.matrix_event_id, q.channel_id FROM gone g ON CONFLICT DO NOTHING
    ), noted AS (
        INSERT INTO messaging.removals (event_id, channel_id, room_id, kind, erasure_id)
        SELECT g.matrix_event_id, q.channel_id, q.room_id, 'relation', q.erasure_id FROM gone g WHERE g.removed_at IS NULL
        ON CONFLICT DO NOTHING
    )
    SELECT count(*) INTO noted FROM gone;
    INSERT INTO messaging.removals (event_id, channel_id, room_id, kind, erasure_id)
    SELECT e.event_id, q.channel_id, q.room_id, 'relation', q.erasure_id FROM messaging.message_edits e
    WHERE e.message_id = m.id AND e.redacted_at IS NULL ON CONFLICT DO NOTHING;
    RETURN noted = most;
END
$$;

-- A removal was redacted in Matrix, or refused (p_is_redacted is false): then it is tried again after a minute, two, four and so on, and
-- in the end it goes here alone. p_edit_event_ids: edits that Matrix knows of. outcome: what came of it.
CREATE FUNCTION messaging.end_removal(
    p_event_id text, p_actor_id text, p_is_redacted boolean, p_edit_event_ids text[] DEFAULT '{}',
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    q messaging.removals;
    m public.messages;
    left_in_matrix json;
    has_more boolean := false;
BEGIN
    SELECT c.* INTO ch FROM messaging.removals r JOIN public.channels c ON c.id = r.channel_id
    WHERE r.event_id = p_event_id FOR NO KEY UPDATE OF c;
    SELECT * INTO q FROM messaging.removals WHERE event_id = p_event_id FOR UPDATE;
    IF NOT FOUND THEN
        document := json_build_object('outcome', 'gone');
        RETURN;
    END IF;
    IF NOT p_is_redacted AND ch.hold_reason IS NOT NULL THEN
        DELETE FROM messaging.removals WHERE event_id = q.event_id;
        document := json_build_object('outcome', 'held');
        RETURN;
    ELSIF NOT p_is_redacted AND q.tries + 1 < messaging.max_refused_removals() THEN
        UPDATE messaging.removals SET is_claimed = false, tries = q.tries + 1,
            due_at = now() + make_interval(mins => 1 << q.tries)
        WHERE event_id = q.event_id;
        document := json_build_object('outcome', 'waits');
        RETURN;
    END IF;
    SELECT * INTO m FROM public.messages WHERE matrix_event_id = q.event_id AND channel_id = q.channel_id;
    IF m.id IS NOT NULL THEN
        INSERT INTO messaging.removals (event_id, channel_id, room_id, kind, erasure_id)
        SELECT v.event_id, q.channel_id, q.room_id, 'relation', q.erasure_id FROM messaging.poll_votes v WHERE v.message_id = m.id LIMIT 1000
        ON CONFLICT DO NOTHING;
    END IF;
    SELECT r.document INTO left_in_matrix
    FROM messaging.record_redaction(q.room_id, q.event_id, p_actor_id, true, p_edit_event_ids) r;
    IF m.id IS NOT NULL THEN
        has_more := messaging.note_relations(q, m);
    ELSE
        -- The next edits of a message that has many.
        INSERT INTO messaging.removals (event_id, channel_id, room_id, kind, erasure_id)
        SELECT e.event_id, q.channel_id, q.room_id, 'relation', q.erasure_id
        FROM json_array_elements_text(left_in_matrix -> 'edits') e (event_id)
        WHERE e.event_id <> q.event_id ON CONFLICT DO NOTHING;
    END IF;
    UPDATE messaging.erasures SET removed = removed + 1 WHERE id = q.erasure_id AND NOT has_more;
    IF has_more THEN
        UPDATE messaging.removals SET is_claimed = false, due_at = now() WHERE event_id = q.event_id;
    ELSE
        DELETE FROM messaging.removals WHERE event_id = q.event_id;
    END IF;
    document := json_build_object('outcome', CASE WHEN p_is_redacted THEN 'removed' ELSE 'refused' END,
        'unpin_room_id', left_in_matrix ->> 'unpin_room_id');
END
$$;
