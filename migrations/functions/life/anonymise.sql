-- The rows that stay when a person is erased say somebody else, who is nobody. What is of a channel on hold stays as it is.

-- The Matrix id of the anonymous one.
CREATE FUNCTION messaging.anonymous_matrix_id(e messaging.erasures) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT '@' || replace(e.anonymous_id, ':', '-') || ':' || substr(e.matrix_user_id, strpos(e.matrix_user_id, ':') + 1)
$$;

-- A document in which the person is the anonymous one.
CREATE FUNCTION messaging.without_person(p_document jsonb, e messaging.erasures) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT replace(replace(p_document::text, to_json(e.member_id)::text, to_json(e.anonymous_id)::text),
        to_json(e.matrix_user_id)::text, to_json(messaging.anonymous_matrix_id(e))::text)::jsonb
$$;

-- An event of the log likewise, and without what the person was called and looked like.
CREATE FUNCTION messaging.event_without_person(p_payload jsonb, e messaging.erasures) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    event jsonb := messaging.without_person(p_payload, e);
BEGIN
    IF event #>> '{message,sender_id}' = e.anonymous_id THEN
        event := jsonb_set(jsonb_set(event, '{message,sender_name}', 'null'), '{message,sender_avatar_url}', 'null');
    ELSIF event #>> '{member,member_id}' = e.anonymous_id THEN
        event := jsonb_set(jsonb_set(event, '{member,display_name}', 'null'), '{member,avatar_url}', 'null');
    END IF;
    RETURN event;
END
$$;

-- A page of messages. One of theirs that is there all the same, because it came in between, is removed first: all begins anew.
CREATE FUNCTION messaging.anonymise_page(e messaging.erasures, p_limit integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    page public.messages[] := ARRAY(SELECT m FROM messaging.messages_of_page(e, p_limit) m);
    free uuid[] := ARRAY(SELECT m.id FROM unnest(page) m JOIN public.channels ch ON ch.id = m.channel_id
                         WHERE ch.hold_reason IS NULL);
BEGIN
    IF EXISTS (SELECT FROM unnest(page) m WHERE m.sender_id = e.member_id AND m.deleted_at IS NULL AND m.id = ANY (free)) THEN
        PERFORM messaging.begin_phase(e.id, 'removing');
        RETURN;
    END IF;
    UPDATE public.messages SET sender_id = e.anonymous_id, sender_matrix_id = messaging.anonymous_matrix_id(e),
        client_key = NULL, client_fingerprint = NULL
    WHERE id = ANY (free) AND sender_id = e.member_id;
    UPDATE messaging.message_search s SET lexemes = ts_delete(s.lexemes, ':mentions ' || e.member_id)
    FROM unnest(page) m WHERE m.mentions @> ARRAY[e.member_id] AND m.id = ANY (free) AND s.message_id = m.id;
    UPDATE public.messages SET mentions = array_replace(mentions, e.member_id, e.anonymous_id)
    WHERE id = ANY (free) AND mentions @> ARRAY[e.member_id];
    DELETE FROM messaging.message_mentions WHERE message_id = ANY (free) AND member_id = e.member_id;
    DELETE FROM public.message_reactions WHERE message_id = ANY (free) AND reactor_id = e.member_id;
    DELETE FROM messaging.poll_votes WHERE message_id = ANY (free) AND voter_id = e.member_id;
    PERFORM messaging.move_erasure(e, page, 'forgetting');
END
$$;

-- The pattern of the text of an event that the person has sent, or that is about their membership.
CREATE FUNCTION messaging.is_of_person(e messaging.erasures) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT '"(sender|state_key)"\s*:\s*' || regexp_replace(to_json(e.matrix_user_id)::text, '([^[:alnum:]])', '\\\1', 'g')
$$;

-- What is kept of a person beside messages and the log, a table a step: each is gone through as a whole, and what it has locked is
-- free before the next one. Nobody who sends waits for more than that, and none of it takes longer than a statement may. Returns
-- whether there may be more; e.place is the step.
CREATE FUNCTION messaging.forget_person(e messaging.erasures, p_limit integer) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    held uuid[] := ARRAY(SELECT id FROM public.channels WHERE hold_reason IS NOT NULL);
BEGIN
    CASE e.place
    WHEN 0 THEN
        DELETE FROM messaging.profiles WHERE member_id = e.member_id;
        DELETE FROM messaging.unreadable_pictures WHERE holder_id = e.member_id;
        DELETE FROM messaging.idempotency_keys WHERE caller = e.member_id;
        DELETE FROM messaging.channel_reservations WHERE caller = e.member_id;
        DELETE FROM messaging.rate_limits WHERE key = e.member_id OR starts_with(key, e.member_id || ' ');
        DELETE FROM messaging.receipts_to_send WHERE member_id = e.member_id;
        DELETE FROM messaging.typing WHERE member_id = e.member_id;
    WHEN 1 THEN
        DELETE FROM messaging.channel_reads WHERE member_id = e.member_id AND channel_id <> ALL (held);
    WHEN 2 THEN
        DELETE FROM messaging.thread_members WHERE member_id = e.member_id AND channel_id <> ALL (held);
    WHEN 3 THEN
        DELETE FROM messaging.intents WHERE (actor_id = e.member_id OR target_id = e.member_id) AND channel_id <> ALL (held);
        DELETE FROM messaging.pending_relations
        WHERE e.member_id IN (parameters ->> 'sender_id', parameters ->> 'reactor_id', parameters ->> 'voter_id')
            AND channel_id <> ALL (held);
        -- What others say goes on waiting.
        DELETE FROM messaging.set_aside_events s
        WHERE s.event ~ messaging.is_of_person(e) AND NOT coalesce(messaging.channel_of_room(s.room_id) = ANY (held), false);
        UPDATE messaging.set_aside_events s SET event = replace(s.event, to_json(e.matrix_user_id)::text,
            to_json(messaging.anonymous_matrix_id(e))::text)
        WHERE strpos(s.event, to_json(e.matrix_user_id)::text) > 0
            AND NOT coalesce(messaging.channel_of_room(s.room_id) = ANY (held), false);
    WHEN 4 THEN
        UPDATE messaging.threads SET participants = array_replace(participants, e.member_id, e.anonymous_id)
        WHERE participants @> ARRAY[e.member_id] AND channel_id <> ALL (held);
    WHEN 5 THEN
        UPDATE messaging.pins SET actor_id = e.anonymous_id WHERE actor_id = e.member_id AND channel_id <> ALL (held);
        UPDATE messaging.room_upgrades SET actor_id = e.anonymous_id WHERE actor_id = e.member_id AND channel_id <> ALL (held);
    WHEN 6 THEN
        UPDATE messaging.room_levels SET levels = levels - e.matrix_user_id
        WHERE levels ? e.matrix_user_id AND channel_id <> ALL (held);
    WHEN 7 THEN
        -- What they have brought and not sent.
        INSERT INTO messaging.content_to_delete (content_uri, uploader_matrix_id, due_at)
        SELECT 'mxc://' || u.server_name || '/' || u.media_id, '', now() FROM messaging.uploads u
        WHERE u.uploader_id = e.member_id AND u.channel_id <> ALL (held) ON CONFLICT DO NOTHING;
        UPDATE messaging.uploads SET uploader_id = e.anonymous_id, filename = NULL, released_at = coalesce(released_at, now())
        WHERE uploader_id = e.member_id AND channel_id <> ALL (held);
    WHEN 8 THEN
        -- A ban stays: it is the channel's.
        DELETE FROM public.channel_members WHERE member_id = e.member_id AND left_at IS NOT NULL AND banned_at IS NULL
            AND channel_id <> ALL (held);
    WHEN 9 THEN
        UPDATE public.channel_members SET
            invited_by = CASE WHEN invited_by = e.member_id THEN e.anonymous_id ELSE invited_by END,
            left_by = CASE WHEN left_by = e.member_id THEN e.anonymous_id ELSE left_by END,
            noted_by = CASE WHEN noted_by = e.member_id THEN e.anonymous_id ELSE noted_by END
        WHERE e.member_id IN (invited_by, left_by, noted_by) AND channel_id <> ALL (held);
    WHEN 10 THEN
        UPDATE public.channels SET created_by = e.anonymous_id WHERE created_by = e.member_id AND hold_reason IS NULL;
    ELSE
        RETURN messaging.anonymise_audit(e, held, 10 * p_limit);
    END CASE;
    UPDATE messaging.erasures SET place = place + 1 WHERE id = e.id;
    RETURN true;
END
$$;

-- A page of the audit log, which is the longest of these tables: e.place_channel_id is the last row of the page before. Returns
-- whether there may be more.
CREATE FUNCTION messaging.anonymise_audit(e messaging.erasures, p_held uuid[], p_limit integer) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    page uuid[] := ARRAY(SELECT a.id FROM public.channel_events a WHERE a.id > e.place_channel_id ORDER BY a.id LIMIT p_limit);
BEGIN
    UPDATE public.channel_events SET metadata = messaging.without_person(metadata, e),
        actor_id = CASE WHEN actor_id = e.member_id THEN e.anonymous_id ELSE actor_id END,
        target_id = CASE WHEN target_id = e.member_id THEN e.anonymous_id ELSE target_id END
    WHERE id = ANY (page) AND channel_id <> ALL (p_held)
        AND (e.member_id IN (actor_id, target_id) OR strpos(metadata::text, e.member_id) > 0);
    UPDATE messaging.erasures SET place_channel_id = page[cardinality(page)] WHERE id = e.id AND page <> '{}';
    RETURN page <> '{}';
END
$$;

-- A page of the outbox, up to what is not published yet: that has to be first, as it was. Returns whether the next step may
-- follow at once. Behind the last page it is finished.
CREATE FUNCTION messaging.anonymise_log(e messaging.erasures, p_limit integer) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    page bigint[];
    waiting bigint := (SELECT id FROM public.outbox WHERE published_at IS NULL AND set_aside_at IS NULL ORDER BY id LIMIT 1);
    last_id bigint;
BEGIN
    page := ARRAY(SELECT o.id FROM public.outbox o
                  WHERE o.id > e.place AND o.id <= e.log_end AND (waiting IS NULL OR o.id < waiting)
                  ORDER BY o.id LIMIT p_limit);
    last_id := page[cardinality(page)];
    UPDATE public.outbox o SET payload = messaging.event_without_person(o.payload, e), personal = NULL
    WHERE o.id = ANY (page) AND (strpos(o.payload::text, to_json(e.member_id)::text) > 0
                                 OR strpos(o.payload::text, to_json(e.matrix_user_id)::text) > 0)
        AND NOT EXISTS (SELECT FROM public.channels ch WHERE ch.id = o.channel_id AND ch.hold_reason IS NOT NULL);
    IF last_id IS NOT NULL THEN
        UPDATE messaging.erasures SET place = last_id WHERE id = e.id;
        RETURN true;
    ELSIF waiting <= e.log_end THEN
        RETURN false;
    END IF;
    -- What is left waits for the end of a hold, and then for another erasure.
    DELETE FROM messaging.removals WHERE erasure_id = e.id;
    UPDATE messaging.erasures SET phase = 'finished', finished_at = now(), member_id = NULL, matrix_user_id = NULL
    WHERE id = e.id;
    RETURN true;
END
$$;
