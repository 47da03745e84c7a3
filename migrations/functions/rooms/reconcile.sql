-- What the homeserver never pushed: how far a room's history was compared, and which of its events the index has.

-- Where to go on in the history of a channel's room. p_since: begin anew, and go back at least that far; what was not
-- compared yet is never left out by it. The first time it is a day. p_min_age: how many seconds the homeserver has for
-- pushing an event itself. Times are milliseconds since 1970, as events have them:
--   since_ms         where the way back ends
--   not_before_ms    when the channel was made: what is older is none of its own
--   settled_ms       what is newer is left to the homeserver
-- with_members: all members are to be compared, which is much for a room with many of them: anew, and every 6 hours.
CREATE FUNCTION messaging.begin_reconcile(
    p_channel_id uuid, p_since text DEFAULT NULL, p_min_age integer DEFAULT 0,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    r messaging.reconciliations;
    asked timestamptz := p_since::timestamptz;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    INSERT INTO messaging.reconciliations AS n (channel_id, room_id, direction, since)
    VALUES (ch.id, ch.matrix_room_id, 'b', least(asked, now() - interval '1 day'))
    ON CONFLICT (channel_id) DO UPDATE SET tried_at = now()
    RETURNING * INTO r;
    IF r.room_id <> ch.matrix_room_id THEN
        UPDATE messaging.reconciliations
        SET room_id = ch.matrix_room_id, direction = 'b', place = NULL, last_seq = NULL, checked_at = NULL, members_at = NULL,
            since = least(asked, now() - interval '1 day')
        WHERE channel_id = ch.id RETURNING * INTO r;
    ELSIF asked IS NOT NULL AND NOT (r.direction = 'b' AND r.since <= asked) THEN
        -- Events that were too new when it was last compared were left out.
        UPDATE messaging.reconciliations
        SET direction = 'b', place = NULL, last_seq = NULL, members_at = NULL,
            since = least(asked, r.since, r.checked_at - interval '11 minutes')
        WHERE channel_id = ch.id RETURNING * INTO r;
    END IF;
    document := json_build_object('room_id', r.room_id, 'direction', r.direction, 'place', r.place,
        'last_seq', ch.last_seq,
        'is_replacement', EXISTS (SELECT FROM messaging.former_rooms f WHERE f.channel_id = ch.id),
        'since_ms', messaging.milliseconds(r.since),
        'not_before_ms', messaging.milliseconds(ch.created_at - interval '1 minute'),
        'settled_ms', messaging.milliseconds(clock_timestamp() - p_min_age * interval '1 second'),
        'with_members', r.members_at IS NULL OR r.members_at < now() - interval '6 hours',
        'name', ch.name, 'topic', ch.topic, 'avatar_url', ch.avatar_url, 'is_encrypted', ch.is_encrypted);
END
$$;

-- A page was compared, or a step was made on the way back. moved: false, when another run has gone on from that place.
CREATE FUNCTION messaging.move_reconcile(
    p_channel_id uuid, p_room_id text, p_from_direction text, p_from_place text, p_direction text, p_place text,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE messaging.reconciliations SET direction = p_direction, place = p_place
    WHERE channel_id = p_channel_id AND room_id = p_room_id
        AND direction = p_from_direction AND place IS NOT DISTINCT FROM p_from_place;
    document := json_build_object('moved', FOUND);
END
$$;

-- The history was compared to its end when the channel's last number was p_last_seq; NULL: but for events that were too new.
-- p_with_members: and so were all members.
CREATE FUNCTION messaging.end_reconcile(
    p_channel_id uuid, p_room_id text, p_last_seq bigint, p_with_members boolean DEFAULT false,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE messaging.reconciliations SET last_seq = p_last_seq, checked_at = now(), since = now(),
        members_at = CASE WHEN p_with_members THEN now() ELSE members_at END
    WHERE channel_id = p_channel_id AND room_id = p_room_id AND direction = 'f';
END
$$;

-- The channels to compare next: those in which something has happened since, and then the others, whose pushes may all have
-- been lost; those first that were not tried for the longest. A fifth of the places is the others' in any case.
CREATE FUNCTION messaging.list_channels_to_reconcile(p_limit integer, OUT refusal messaging.refusal, OUT document json)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    active uuid[];
    others uuid[];
BEGIN
    active := ARRAY(
        SELECT c.id FROM public.channels c LEFT JOIN messaging.reconciliations r ON r.channel_id = c.id
        WHERE c.archived_at IS NULL AND r.last_seq IS DISTINCT FROM c.last_seq
        ORDER BY r.tried_at NULLS FIRST, c.id LIMIT p_limit - p_limit / 5);
    others := ARRAY(
        SELECT c.id FROM public.channels c LEFT JOIN messaging.reconciliations r ON r.channel_id = c.id
        WHERE c.archived_at IS NULL AND c.id <> ALL (active)
        ORDER BY r.tried_at NULLS FIRST, c.id LIMIT p_limit - cardinality(active));
    document := json_build_object('channel_ids', active || others);
END
$$;

-- Which events of a page of a room's history the index does not have, in the page's order, and which of them are set aside.
-- Each has a kind and what it is about:
--   'message'
--   'edit', 'reaction', 'poll_vote', 'poll_end'
--                        the event that it relates to, and p_senders who sent it
--   'redaction'          the event that is redacted
--   'member'             the Matrix id of the member
--   'state'              the type of the state event
--   'encryption', 'upgrade'
CREATE FUNCTION messaging.find_unindexed(
    p_room_id text, p_event_ids text[], p_kinds text[], p_about text[], p_senders text[],
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    ch public.channels;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE matrix_room_id = p_room_id;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    WITH page AS MATERIALIZED (
        SELECT * FROM unnest(p_event_ids, p_kinds, p_about, p_senders) WITH ORDINALITY
            AS e (event_id, kind, about, sender_id, place)
    ), missing AS MATERIALIZED (
        SELECT e.event_id, e.place FROM page e WHERE NOT CASE e.kind
            WHEN 'message' THEN
                EXISTS (SELECT FROM public.messages m WHERE m.matrix_event_id = e.event_id)
            WHEN 'edit' THEN
                -- One that waits, or another person's, which means nothing.
                EXISTS (SELECT FROM messaging.pending_relations p WHERE p.event_id = e.event_id)
                OR EXISTS (SELECT FROM public.messages m WHERE m.matrix_event_id = e.about AND m.sender_id <> e.sender_id)
                -- Of a deleted message it has to go as well.
                OR EXISTS (SELECT FROM messaging.message_edits d JOIN public.messages m ON m.id = d.message_id
                           WHERE d.event_id = e.event_id AND (m.deleted_at IS NULL OR d.redacted_at IS NOT NULL))
            WHEN 'reaction' THEN
                EXISTS (SELECT FROM messaging.pending_relations p WHERE p.event_id = e.event_id)
                OR EXISTS (SELECT FROM public.message_reactions r WHERE r.matrix_event_id = e.event_id)
                OR EXISTS (SELECT FROM public.messages m WHERE m.matrix_event_id = e.about AND m.deleted_at IS NOT NULL)
            WHEN 'poll_end' THEN
                EXISTS (SELECT FROM messaging.pending_relations p WHERE p.event_id = e.event_id)
                OR EXISTS (SELECT FROM public.messages m WHERE m.matrix_event_id = e.about AND (m.poll_ended_at IS NOT NULL
                           OR m.deleted_at IS NOT NULL OR m.content_type <> 'poll' OR NOT messaging.may_end_poll(m, e.sender_id)))
            WHEN 'poll_vote' THEN
                EXISTS (SELECT FROM messaging.pending_relations p WHERE p.event_id = e.event_id)
                OR EXISTS (SELECT FROM messaging.poll_votes v WHERE v.event_id = e.event_id)
                OR EXISTS (SELECT FROM public.messages m WHERE m.matrix_event_id = e.about
                           AND (m.deleted_at IS NOT NULL OR m.content_type <> 'poll'))
            WHEN 'redaction' THEN
                EXISTS (SELECT FROM public.messages m WHERE m.matrix_event_id = e.about AND m.deleted_at IS NOT NULL)
                OR EXISTS (SELECT FROM public.message_reactions r WHERE r.matrix_event_id = e.about AND r.removed_at IS NOT NULL)
                OR EXISTS (SELECT FROM messaging.message_edits d WHERE d.event_id = e.about AND d.redacted_at IS NOT NULL)
                OR EXISTS (SELECT FROM messaging.pending_redactions p WHERE p.channel_id = ch.id AND p.event_id = e.about)
            -- A state is known when it, or a later one of the page, is the one that was followed last.
            WHEN 'member' THEN
                EXISTS (SELECT FROM public.channel_members m JOIN page f ON f.event_id = m.matrix_event_id
                        WHERE m.channel_id = ch.id AND m.matrix_user_id = e.about AND f.place >= e.place)
            WHEN 'state' THEN
                EXISTS (SELECT FROM messaging.room_state s JOIN page f ON f.event_id = s.event_id
                        WHERE s.channel_id = ch.id AND s.event_type = e.about AND f.place >= e.place)
            WHEN 'encryption' THEN ch.is_encrypted
            ELSE false END
        AND NOT (e.kind IN ('message', 'edit', 'reaction', 'poll_vote', 'poll_end') AND (EXISTS (
            SELECT FROM messaging.pending_redactions p WHERE p.channel_id = ch.id AND p.event_id = e.event_id)
            OR EXISTS (SELECT FROM messaging.removals q WHERE q.channel_id = ch.id AND q.event_id = e.event_id)))
    ), set_aside AS (
        SELECT s.event_id FROM messaging.set_aside_events s
        WHERE s.event_id IN (SELECT m.event_id FROM missing m) AND s.set_aside_at IS NOT NULL
    )
    SELECT json_build_object('last_seq', ch.last_seq,
        'unindexed', (SELECT coalesce(json_agg(m.event_id ORDER BY m.place), '[]') FROM missing m
                      WHERE m.event_id NOT IN (SELECT s.event_id FROM set_aside s)),
        'set_aside', (SELECT coalesce(json_agg(s.event_id), '[]') FROM set_aside s))
    INTO document;
END
$$;

-- Whose membership is another one in the room, by Matrix id, at most p_limit: p_memberships has everybody who is in
-- ('join'), invited or banned there. A ban that the room was never told of is the index's alone, and so is a member of whom
-- the room has never told: those of a platform's rows may have never been there.
CREATE FUNCTION messaging.find_other_memberships(
    p_room_id text, p_user_ids text[], p_memberships text[], p_limit integer,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    ch public.channels;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE matrix_room_id = p_room_id;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    SELECT json_build_object('user_ids', coalesce(json_agg(o.user_id), '[]')) INTO document FROM (
        SELECT coalesce(r.user_id, m.matrix_user_id) AS user_id
        FROM unnest(p_user_ids, p_memberships) r (user_id, membership)
        FULL JOIN (
            SELECT matrix_user_id, matrix_changed_at, CASE WHEN banned_at IS NOT NULL THEN CASE WHEN banned_in_room THEN 'ban' ELSE 'out' END
                WHEN left_at IS NOT NULL THEN 'leave' WHEN joined_at IS NULL THEN 'invite' ELSE 'join' END AS membership
            FROM public.channel_members WHERE channel_id = ch.id
        ) m ON m.matrix_user_id = r.user_id
        WHERE coalesce(r.membership, 'leave') <> coalesce(m.membership, 'leave')
            AND (r.user_id IS NOT NULL OR m.matrix_changed_at IS NOT NULL)
            AND NOT (m.membership IS NOT DISTINCT FROM 'out' AND coalesce(r.membership, 'ban') = 'ban')
        -- Those that cannot be set right must not be in the way of the others for ever.
        ORDER BY random() LIMIT p_limit) o;
END
$$;
