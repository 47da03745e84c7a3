-- Erasing a person: begin_erasure makes the row, the relay that publishes has it carried out step by step (advance_erasure), the
-- app what is to be done in Matrix (claim_departure, and removals).

CREATE FUNCTION messaging.hash_of_person(p_matrix_user_id text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(p_matrix_user_id, 'UTF8')), 'hex')
$$;

-- Whether somebody's erasure is not finished: meanwhile they say nothing new.
CREATE FUNCTION messaging.is_being_erased(p_member_id text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM messaging.erasures WHERE member_id = p_member_id);
END
$$;

-- Whether somebody's erasure is finished.
CREATE FUNCTION messaging.was_erased(p_matrix_user_id text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM messaging.erasures
                   WHERE person = messaging.hash_of_person(p_matrix_user_id) AND finished_at IS NOT NULL);
END
$$;

-- Whether somebody's memberships of that time are forgotten: what tells of one comes late, and brings nobody back.
CREATE FUNCTION messaging.was_erased_since(p_matrix_user_id text, p_at timestamptz) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM messaging.erasures
                   WHERE person = messaging.hash_of_person(p_matrix_user_id) AND phase IN ('forgetting', 'log', 'finished')
                       AND (finished_at IS NULL OR p_at <= finished_at));
END
$$;

-- How far an erasure is. waiting: events that are still to be redacted; held_channel_ids: channels on hold, in which nothing is.
CREATE FUNCTION messaging.erasure_json(e messaging.erasures) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN json_build_object('id', e.id, 'member_id', e.member_id, 'anonymous_id', e.anonymous_id, 'phase', e.phase,
        'requested_at', messaging.rfc3339(e.requested_at), 'finished_at', messaging.rfc3339(e.finished_at),
        'removed', e.removed,
        'waiting', (SELECT count(*) FROM messaging.removals q JOIN public.channels ch ON ch.id = q.channel_id
                    WHERE q.erasure_id = e.id AND ch.hold_reason IS NULL),
        'held_channel_ids', e.held_channel_ids);
END
$$;

-- Begins it, or finds the one that is under way. p_matrix_user_id: by which they act. Who was erased before has the same
-- anonymous id again. What their last word of themselves was in each room, their name and picture there, goes first.
CREATE FUNCTION messaging.begin_erasure(
    p_member_id text, p_matrix_user_id text, p_actor_id text, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    e messaging.erasures;
    hash text := messaging.hash_of_person(p_matrix_user_id);
BEGIN
    INSERT INTO messaging.erasures (member_id, matrix_user_id, person, requested_by, anonymous_id)
    VALUES (p_member_id, p_matrix_user_id, hash, p_actor_id, coalesce(
        (SELECT k.anonymous_id FROM messaging.erasures k WHERE k.person = hash LIMIT 1),
        CASE WHEN p_member_id LIKE 'agent:%' THEN 'agent' ELSE 'user' END
            || ':erased-' || replace(gen_random_uuid()::text, '-', '')))
    ON CONFLICT (member_id) WHERE member_id IS NOT NULL DO NOTHING RETURNING * INTO e;
    IF NOT FOUND THEN
        SELECT * INTO e FROM messaging.erasures WHERE member_id = p_member_id;
    ELSE
        UPDATE messaging.erasures SET held_channel_ids = ARRAY(
            SELECT ch.id FROM public.channel_members m JOIN public.channels ch ON ch.id = m.channel_id
            WHERE m.member_id = p_member_id AND ch.hold_reason IS NOT NULL ORDER BY ch.id LIMIT 1000)
        WHERE id = e.id RETURNING * INTO e;
        INSERT INTO messaging.removals (event_id, channel_id, room_id, kind, erasure_id)
        SELECT m.matrix_event_id, ch.id, ch.matrix_room_id, 'relation', e.id
        FROM public.channel_members m JOIN public.channels ch ON ch.id = m.channel_id
        WHERE m.member_id = p_member_id AND m.matrix_event_id IS NOT NULL AND m.banned_at IS NULL ON CONFLICT DO NOTHING;
    END IF;
    document := messaging.erasure_json(e);
END
$$;

CREATE FUNCTION messaging.get_erasure(p_erasure_id uuid, OUT refusal messaging.refusal, OUT document json)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    e messaging.erasures;
BEGIN
    SELECT * INTO e FROM messaging.erasures WHERE id = p_erasure_id;
    IF NOT FOUND THEN
        refusal := 'erasure_not_found';
        RETURN;
    END IF;
    document := messaging.erasure_json(e);
END
$$;

-- Somebody who has to leave channels: microdao_id is the next one whose channels they are in; without one they are in no more,
-- and their profile is to be cleared. Nobody else gets them for p_seconds. NULL: there is nobody.
CREATE FUNCTION messaging.claim_departure(p_seconds integer, OUT refusal messaging.refusal, OUT document json)
LANGUAGE plpgsql AS $$
DECLARE
    e messaging.erasures;
BEGIN
    UPDATE messaging.erasures SET leased_until = now() + make_interval(secs => p_seconds)
    WHERE id = (SELECT k.id FROM messaging.erasures k WHERE k.phase = 'leaving' AND k.leased_until <= now()
                ORDER BY k.requested_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING * INTO e;
    IF e.id IS NOT NULL THEN
        document := json_build_object('erasure_id', e.id, 'member_id', e.member_id, 'microdao_id', (
            SELECT ch.microdao_id FROM public.channel_members m JOIN public.channels ch ON ch.id = m.channel_id
            WHERE m.member_id = e.member_id AND m.left_at IS NULL ORDER BY ch.microdao_id LIMIT 1));
    END IF;
END
$$;

-- Some of it is done; p_is_whole: all of it, and their profile is cleared.
CREATE FUNCTION messaging.end_departure(
    p_erasure_id uuid, p_is_whole boolean, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE messaging.erasures SET leased_until = now(), phase = CASE WHEN p_is_whole THEN 'removing' ELSE phase END
    WHERE id = p_erasure_id AND phase = 'leaving';
END
$$;

-- The next step of an erasure: every message there is is gone through, a page of p_limit at a time, once to note what is to be
-- redacted, and once to replace the person, and then the other tables, each in steps of their own. has_more: the next step may follow at once.
CREATE FUNCTION messaging.advance_erasure(p_limit integer, OUT refusal messaging.refusal, OUT document json)
LANGUAGE plpgsql AS $$
DECLARE
    e messaging.erasures;
    has_more boolean := false;
BEGIN
    SELECT * INTO e FROM messaging.erasures
    WHERE member_id IS NOT NULL AND phase <> 'leaving' ORDER BY requested_at LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF e.phase = 'removing' THEN
        has_more := messaging.note_page_of_person(e, p_limit);
    ELSIF e.phase = 'waiting' THEN
        has_more := NOT EXISTS (SELECT FROM messaging.removals q JOIN public.channels ch ON ch.id = q.channel_id
                                WHERE q.erasure_id = e.id AND ch.hold_reason IS NULL);
        IF has_more THEN
            PERFORM messaging.begin_phase(e.id, 'anonymising');
        END IF;
    ELSIF e.phase = 'anonymising' THEN
        PERFORM messaging.anonymise_page(e, p_limit);
        has_more := true;
    ELSIF e.phase = 'forgetting' THEN
        IF NOT messaging.forget_person(e, p_limit) THEN
            PERFORM messaging.begin_phase(e.id, 'log');
            UPDATE messaging.erasures SET log_end = (SELECT max(id) FROM public.outbox) WHERE id = e.id;
        END IF;
        has_more := true;
    ELSIF e.phase = 'log' THEN
        has_more := messaging.anonymise_log(e, p_limit);
    END IF;
    document := json_build_object('has_more', has_more);
END
$$;

CREATE FUNCTION messaging.begin_phase(p_erasure_id uuid, p_phase text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE messaging.erasures SET phase = p_phase, place = 0, place_channel_id = '00000000-0000-0000-0000-000000000000'
    WHERE id = p_erasure_id;
END
$$;

-- The next messages behind an erasure's place. enable_sort is off for the reason that messaging.messages_beside gives.
CREATE FUNCTION messaging.messages_of_page(e messaging.erasures, p_limit integer) RETURNS SETOF public.messages
LANGUAGE plpgsql STABLE ROWS 500 SET enable_sort = off AS $$
BEGIN
    RETURN QUERY SELECT * FROM public.messages m WHERE (m.channel_id, m.seq) > (e.place_channel_id, e.place)
    ORDER BY m.channel_id, m.seq LIMIT p_limit;
END
$$;

-- The place behind a page; without a page p_next begins.
CREATE FUNCTION messaging.move_erasure(e messaging.erasures, p_page public.messages[], p_next text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    last_one public.messages := p_page[cardinality(p_page)];
BEGIN
    IF cardinality(p_page) = 0 THEN
        PERFORM messaging.begin_phase(e.id, p_next);
    ELSE
        UPDATE messaging.erasures SET place_channel_id = last_one.channel_id, place = last_one.seq WHERE id = e.id;
    END IF;
END
$$;

-- Notes what of a page of messages is the person's: messages, reactions and votes. Few enough are under way that others' turn
-- comes as well. Returns whether the next page may follow at once.
CREATE FUNCTION messaging.note_page_of_person(e messaging.erasures, p_limit integer) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    page public.messages[];
BEGIN
    IF (SELECT count(*) FROM (SELECT FROM messaging.removals WHERE erasure_id = e.id LIMIT 200) q) = 200 THEN
        RETURN false;
    END IF;
    page := ARRAY(SELECT m FROM messaging.messages_of_page(e, p_limit) m);
    INSERT INTO messaging.removals (event_id, channel_id, room_id, kind, erasure_id)
    SELECT found.event_id, ch.id, coalesce(found.room_id, ch.matrix_room_id), found.kind, e.id FROM (
        SELECT m.matrix_event_id, m.channel_id, m.matrix_room_id, 'message' FROM unnest(page) m
        WHERE m.sender_id = e.member_id AND m.deleted_at IS NULL
        UNION ALL
        SELECT r.matrix_event_id, m.channel_id, m.matrix_room_id, 'relation' FROM unnest(page) m
        JOIN public.message_reactions r ON r.message_id = m.id AND r.reactor_id = e.member_id AND r.removed_at IS NULL
        UNION ALL
        SELECT v.event_id, m.channel_id, m.matrix_room_id, 'relation' FROM unnest(page) m
        JOIN messaging.poll_votes v ON v.message_id = m.id AND v.voter_id = e.member_id) found (event_id, channel_id, room_id, kind)
    JOIN public.channels ch ON ch.id = found.channel_id WHERE ch.hold_reason IS NULL
    ON CONFLICT (event_id) DO UPDATE SET erasure_id = excluded.erasure_id;
    UPDATE messaging.erasures SET held_channel_ids = ARRAY(
        SELECT unnest(held_channel_ids) UNION SELECT m.channel_id FROM unnest(page) m
        JOIN public.channels ch ON ch.id = m.channel_id
        WHERE ch.hold_reason IS NOT NULL AND m.sender_id = e.member_id ORDER BY 1 LIMIT 1000)
    WHERE id = e.id;
    PERFORM messaging.move_erasure(e, page, 'waiting');
    RETURN true;
END
$$;
