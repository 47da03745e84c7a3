-- The events of a channel: numbered ones through the outbox, ephemeral ones through NOTIFY, and the audit log.

-- The channel's next number. Locks the channel's row, so events of a channel are written one after the other. p_joined: how
-- many members have come or, below zero, gone with this event; it is told after their rows have changed. p_active_at: when
-- the message of this event was sent. p_is_main: it is in no thread.
CREATE FUNCTION messaging.take_seq(
    p_channel_id uuid, p_joined integer DEFAULT 0, p_active_at timestamptz DEFAULT NULL, p_is_main boolean DEFAULT false
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    taken bigint;
BEGIN
    IF p_joined <> 0 THEN
        UPDATE public.channels SET last_seq = last_seq + 1,
            member_count = CASE WHEN member_count IS NULL THEN messaging.count_members(id) ELSE member_count + p_joined END
        WHERE id = p_channel_id RETURNING last_seq INTO taken;
    ELSIF p_active_at IS NOT NULL THEN
        UPDATE public.channels SET last_seq = last_seq + 1, main_count = main_count + p_is_main::integer,
            active_at = greatest(active_at, p_active_at),
            indexed_active_at = CASE
                WHEN p_active_at >= coalesce(indexed_active_at, created_at) + messaging.activity_lag() THEN p_active_at
                ELSE indexed_active_at END
        WHERE id = p_channel_id RETURNING last_seq INTO taken;
    ELSE
        UPDATE public.channels SET last_seq = last_seq + 1 WHERE id = p_channel_id RETURNING last_seq INTO taken;
    END IF;
    RETURN taken;
END
$$;

-- Writes an event to the outbox and wakes the publisher, if it sleeps, when the transaction commits. The statement may have said
-- which request it belongs to, for this transaction alone. p_personal: what one person is told with it (unread_frame).
CREATE FUNCTION messaging.publish(
    ch public.channels, p_seq bigint, p_subject text, p_payload jsonb, p_personal text DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    event uuid := gen_random_uuid();
BEGIN
    INSERT INTO public.outbox (event_id, channel_id, microdao_id, seq, subject, personal, request_id, payload)
    VALUES (event, ch.id, ch.microdao_id, p_seq, p_subject, p_personal,
        left(nullif(current_setting('messaging.request_id', true), ''), 64), jsonb_build_object(
        'event_id', event, 'channel_id', ch.id, 'microdao_id', ch.microdao_id, 'seq', p_seq) || p_payload);
    -- Of the whole database, one transaction at a time commits with a notification. A publisher that sleeps has the first lock
    -- ("daarionS" as a number) for itself alone, one that looks by itself while it works the second ("daarionL"): it cannot fall
    -- asleep before this transaction has ended (ws-relay/src/outbox/sleep.rs). The second is given back at once: a publisher that
    -- begins among many writers would never have it.
    IF NOT pg_try_advisory_xact_lock_shared(7233169620556803667)
        OR pg_try_advisory_lock_shared(7233169620556803660) AND pg_advisory_unlock_shared(7233169620556803660) THEN
        PERFORM pg_notify('outbox', '');
    END IF;
END
$$;

-- An event that takes the channel's next number.
CREATE FUNCTION messaging.emit(ch public.channels, p_subject text, p_payload jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM messaging.publish(ch, messaging.take_seq(ch.id), p_subject, p_payload);
END
$$;

CREATE FUNCTION messaging.audit(p_channel_id uuid, p_type text, p_actor_id text, p_target_id text, p_metadata jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.channel_events (channel_id, event_type, actor_id, target_id, metadata)
    VALUES (p_channel_id, p_type, p_actor_id, p_target_id, p_metadata);
END
$$;

-- A change of the channel. p_document is its channel_json.
CREATE FUNCTION messaging.emit_channel(ch public.channels, p_type text, p_actor_id text, p_document json) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM messaging.emit(ch, 'messaging.' || p_type, jsonb_build_object(
        'matrix_room_id', ch.matrix_room_id, 'created_by', ch.created_by, 'visibility', ch.visibility,
        'actor_id', p_actor_id, 'channel', p_document));
END
$$;

-- A change of membership, as event with a number that is taken already, and in the audit log. p_further: what both say
-- besides.
CREATE FUNCTION messaging.publish_member(
    ch public.channels, p_seq bigint, p_type text, p_actor_id text, m public.channel_members, p_further jsonb DEFAULT '{}'
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM messaging.publish(ch, p_seq, 'messaging.' || p_type, jsonb_build_object(
        'member_id', m.member_id, 'member_type', m.member_type, 'role', m.role, 'invited_by', m.invited_by,
        'actor_id', p_actor_id, 'member', messaging.member_json(m)) || p_further);
    PERFORM messaging.audit(ch.id, p_type, p_actor_id, m.member_id, jsonb_build_object('role', m.role) || p_further);
END
$$;

-- A change of membership, as event and in the audit log. p_joined: as of take_seq.
CREATE FUNCTION messaging.emit_member(
    ch public.channels, p_type text, p_actor_id text, m public.channel_members, p_further jsonb DEFAULT '{}',
    p_joined integer DEFAULT 0
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM messaging.publish_member(ch, messaging.take_seq(ch.id, p_joined), p_type, p_actor_id, m, p_further);
END
$$;

-- Many changes of membership at once: their numbers are one block, taken with one write of the channel's row.
CREATE FUNCTION messaging.emit_members(
    ch public.channels, p_type text, p_actor_ids text[], p_members public.channel_members[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    total integer := cardinality(p_members);
    before bigint;
BEGIN
    UPDATE public.channels SET last_seq = last_seq + total WHERE id = ch.id RETURNING last_seq - total INTO before;
    FOR n IN 1..total LOOP
        PERFORM messaging.publish_member(ch, before + n, p_type, p_actor_ids[n], p_members[n]);
    END LOOP;
END
$$;

-- More changes of membership than are told one by one: one event of the channel, which says how many, and one row of the
-- audit log. Who shows the members reads them again.
CREATE FUNCTION messaging.emit_members_changed(ch public.channels, p_type text, p_actor_id text, p_count bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM messaging.emit(ch, 'messaging.channel.updated', jsonb_build_object(
        'matrix_room_id', ch.matrix_room_id, 'created_by', ch.created_by, 'visibility', ch.visibility,
        'actor_id', p_actor_id, 'channel', messaging.channel_json(ch), 'members_changed', p_count));
    PERFORM messaging.audit(ch.id, p_type, p_actor_id, NULL, jsonb_build_object('members', p_count));
END
$$;

-- An event of a message. p_document is its message_json, p_further what the event says besides; p_personal as of publish.
CREATE FUNCTION messaging.emit_message(
    ch public.channels, p_type text, p_seq bigint, m public.messages, p_document json, p_further jsonb DEFAULT '{}',
    p_personal text DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM messaging.publish(ch, p_seq, 'messaging.' || p_type, jsonb_build_object(
        'message_id', m.id, 'matrix_event_id', m.matrix_event_id, 'sender_id', m.sender_id,
        'sender_type', m.sender_type, 'preview', m.content_preview, 'content_preview', m.content_preview,
        'created_at', messaging.rfc3339(m.created_at), 'mentions', m.mentions, 'message', p_document) || p_further, p_personal);
END
$$;

-- Tells a channel's readers something that has no number and is not stored. Statements call it once they have decided
-- that the caller may. A frame over 7,900 bytes is dropped: NOTIFY takes less than 8,000.
CREATE FUNCTION messaging.publish_ephemeral(p_channel public.channels, p_type text, p_payload jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    frame text := (p_payload || jsonb_build_object('channel_id', p_channel.id, 'type', p_type))::text;
BEGIN
    IF octet_length(frame) <= 7900 THEN
        PERFORM pg_notify('ephemeral', frame);
    END IF;
END
$$;
