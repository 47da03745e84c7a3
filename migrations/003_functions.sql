-- The index's functions. Each public one is one statement of a request: it decides, reads or writes, and
-- answers one JSON document. A refusal is {"refused": code} and changes nothing.
--
-- Times come in as RFC 3339 text, because a Spin host has no parameter of PostgreSQL's type timestamptz.
-- p_caller is who asks; p_microdaos the microDAOs of their token, NULL for every one (development mode).

CREATE SCHEMA IF NOT EXISTS messaging;

-- What a POST with an Idempotency-Key led to. Messages keep their key themselves (messages.client_key).
CREATE TABLE messaging.idempotency_keys (
    caller     text NOT NULL,
    key        text NOT NULL,
    request    text NOT NULL,
    resource   uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (caller, key)
);

-- Who is making the room of a channel that has no row yet. Only the holder touches the alias in Matrix.
CREATE TABLE messaging.channel_reservations (
    microdao_id text NOT NULL,
    slug        text NOT NULL,
    channel_id  uuid NOT NULL,
    caller      text NOT NULL,
    request     text NOT NULL,
    reserved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (microdao_id, slug)
);

-- What somebody is about to do in Matrix through the API. The homeserver may push the result back before the
-- API records it, or the API may never get to it: whoever comes first finds here who wanted what.
CREATE TABLE messaging.intents (
    channel_id uuid NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    act        text NOT NULL,
    target_id  text NOT NULL,
    actor_id   text NOT NULL,
    details    jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (channel_id, act, target_id)
);

-- When the homeserver says the membership last changed: its pushes may come late and out of order.
ALTER TABLE channel_members ADD COLUMN IF NOT EXISTS matrix_changed_at timestamptz;

-- ---------------------------------------------------------------------------------------------- documents

CREATE FUNCTION messaging.refused(p_code text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object('refused', p_code)
$$;

CREATE FUNCTION messaging.rfc3339(p_time timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT to_char(p_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

CREATE FUNCTION messaging.channel_json(ch channels) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', ch.id, 'slug', ch.slug, 'name', ch.name, 'description', ch.description,
        'microdao_id', ch.microdao_id, 'matrix_room_id', ch.matrix_room_id, 'visibility', ch.visibility,
        'is_direct', ch.is_direct, 'is_encrypted', ch.is_encrypted, 'topic', ch.topic, 'avatar_url', ch.avatar_url,
        'created_by', ch.created_by, 'created_at', messaging.rfc3339(ch.created_at),
        'updated_at', messaging.rfc3339(ch.updated_at), 'archived_at', messaging.rfc3339(ch.archived_at))
$$;

CREATE FUNCTION messaging.message_json(m messages) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', m.id, 'channel_id', m.channel_id, 'seq', m.seq, 'matrix_event_id', m.matrix_event_id,
        'sender_id', m.sender_id, 'sender_type', m.sender_type, 'content_preview', m.content_preview,
        'content_type', m.content_type, 'thread_id', m.thread_id, 'edited_at', messaging.rfc3339(m.edited_at),
        'deleted_at', messaging.rfc3339(m.deleted_at), 'created_at', messaging.rfc3339(m.created_at))
        || CASE WHEN m.client_key IS NULL THEN '{}' ELSE jsonb_build_object('client_key', m.client_key) END
$$;

CREATE FUNCTION messaging.member_json(m channel_members) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', m.id, 'channel_id', m.channel_id, 'member_id', m.member_id, 'member_type', m.member_type,
        'matrix_user_id', m.matrix_user_id, 'role', m.role, 'can_read', m.can_read, 'can_write', m.can_write,
        'can_invite', m.can_invite, 'can_kick', m.can_kick, 'can_create_tasks', m.can_create_tasks,
        'matrix_power_level', m.matrix_power_level, 'invited_by', m.invited_by,
        'joined_at', messaging.rfc3339(m.joined_at), 'left_at', messaging.rfc3339(m.left_at))
$$;

-- ------------------------------------------------------------------------------------------------ access

-- What a caller may do with a channel at least: nothing ('none': they may not even know of it), know of it
-- ('knows'), or read it ('reads'). An anonymous caller (NULL) reads public channels.
CREATE FUNCTION messaging.access(ch channels, p_caller text, p_microdaos text[]) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN ch.id IS NULL THEN 'none'
        WHEN ch.visibility = 'public' THEN 'reads'
        WHEN p_caller IS NULL THEN 'none'
        WHEN ch.visibility = 'microdao' AND NOT ch.is_direct
             AND (p_microdaos IS NULL OR ch.microdao_id = ANY (p_microdaos)) THEN 'reads'
        ELSE coalesce(
            (SELECT CASE WHEN m.can_read THEN 'reads' ELSE 'knows' END FROM channel_members m
             WHERE m.channel_id = ch.id AND m.member_id = p_caller AND m.left_at IS NULL), 'none')
    END
$$;

CREATE FUNCTION messaging.may_read(p_caller text, p_microdaos text[], p_channel uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT messaging.access(ch, p_caller, p_microdaos) = 'reads' FROM channels ch WHERE ch.id = p_channel), false)
$$;

-- How much a role may decide about others.
CREATE FUNCTION messaging.rank(p_role text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_role WHEN 'owner' THEN 3 WHEN 'admin' THEN 2 ELSE 1 END
$$;

CREATE FUNCTION messaging.power_level(p_role text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_role WHEN 'owner' THEN 100 WHEN 'admin' THEN 50 ELSE 0 END
$$;

-- ------------------------------------------------------------------------------------------------ events

-- The channel's next number. Locks the channel's row, so events of a channel are written one after the other.
CREATE FUNCTION messaging.take_seq(p_channel uuid) RETURNS bigint LANGUAGE sql AS $$
    UPDATE channels SET last_seq = last_seq + 1 WHERE id = p_channel RETURNING last_seq
$$;

-- Writes an event to the outbox and wakes the publisher when the transaction commits.
CREATE FUNCTION messaging.publish(ch channels, p_seq bigint, p_subject text, p_payload jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    event uuid := gen_random_uuid();
BEGIN
    INSERT INTO outbox (event_id, channel_id, microdao_id, seq, subject, payload)
    VALUES (event, ch.id, ch.microdao_id, p_seq, p_subject, jsonb_build_object(
        'event_id', event, 'channel_id', ch.id, 'microdao_id', ch.microdao_id, 'seq', p_seq) || p_payload);
    PERFORM pg_notify('outbox', '');
END
$$;

CREATE FUNCTION messaging.emit(ch channels, p_subject text, p_payload jsonb) RETURNS void LANGUAGE sql AS $$
    SELECT messaging.publish(ch, messaging.take_seq(ch.id), p_subject, p_payload)
$$;

CREATE FUNCTION messaging.audit(p_channel uuid, p_type text, p_actor text, p_target text, p_metadata jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO channel_events (channel_id, event_type, actor_id, target_id, metadata)
    VALUES (p_channel, p_type, p_actor, p_target, p_metadata)
$$;

-- A change of membership, as event and in the audit log.
CREATE FUNCTION messaging.emit_member(ch channels, p_type text, p_actor text, m channel_members) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM messaging.emit(ch, 'messaging.' || p_type, jsonb_build_object(
        'member_id', m.member_id, 'member_type', m.member_type, 'role', m.role, 'invited_by', m.invited_by,
        'actor_id', p_actor));
    PERFORM messaging.audit(ch.id, p_type, p_actor, m.member_id, jsonb_build_object('role', m.role));
END
$$;

CREATE FUNCTION messaging.emit_message(ch channels, p_type text, p_seq bigint, m messages) RETURNS void LANGUAGE sql AS $$
    SELECT messaging.publish(ch, p_seq, 'messaging.' || p_type, jsonb_build_object(
        'message_id', m.id, 'matrix_event_id', m.matrix_event_id, 'sender_id', m.sender_id,
        'sender_type', m.sender_type, 'preview', m.content_preview, 'content_preview', m.content_preview,
        'created_at', messaging.rfc3339(m.created_at), 'message', messaging.message_json(m)))
$$;

-- ---------------------------------------------------------------------------------------------- channels

CREATE FUNCTION messaging.list_channels(
    p_caller text, p_microdaos text[], p_microdao text, p_limit integer, p_before_time text, p_before_id uuid
) RETURNS jsonb LANGUAGE sql STABLE AS $$
    WITH visible AS (
        SELECT ch FROM channels ch
        WHERE ch.archived_at IS NULL
          AND (p_microdao IS NULL OR ch.microdao_id = p_microdao)
          AND (p_before_time IS NULL OR (ch.created_at, ch.id) < (p_before_time::timestamptz, p_before_id))
          AND messaging.access(ch, p_caller, p_microdaos) <> 'none'
        ORDER BY ch.created_at DESC, ch.id DESC
        LIMIT p_limit + 1
    ), page AS (SELECT (v.ch).* FROM visible v LIMIT p_limit),
    last AS (SELECT created_at, id FROM page ORDER BY created_at, id LIMIT 1)
    SELECT jsonb_build_object(
        'items', coalesce((SELECT jsonb_agg(messaging.channel_json(p) ORDER BY p.created_at DESC, p.id DESC) FROM page p), '[]'),
        'links', CASE WHEN (SELECT count(*) FROM visible) > p_limit
            THEN (SELECT jsonb_build_object('next', 'cursor=' || messaging.rfc3339(created_at) || '_' || id) FROM last)
            ELSE '{}' END)
$$;

CREATE FUNCTION messaging.get_channel(p_caller text, p_microdaos text[], p_channel uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (SELECT messaging.channel_json(ch) FROM channels ch
         WHERE ch.id = p_channel AND messaging.access(ch, p_caller, p_microdaos) <> 'none'),
        messaging.refused('channel_not_found'))
$$;

-- Before the room is made: may the caller, and is the slug theirs to use?
CREATE FUNCTION messaging.reserve_channel(
    p_caller text, p_microdaos text[], p_microdao text, p_slug text, p_key text, p_request text
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    known messaging.idempotency_keys;
    reserved uuid;
BEGIN
    IF p_microdaos IS NOT NULL AND NOT p_microdao = ANY (p_microdaos) THEN
        RETURN messaging.refused('not_in_microdao');
    END IF;
    SELECT * INTO known FROM messaging.idempotency_keys WHERE caller = p_caller AND key = p_key;
    IF FOUND THEN
        IF known.request <> p_request THEN
            RETURN messaging.refused('idempotency_key_reused');
        END IF;
        RETURN (SELECT jsonb_build_object('channel', messaging.channel_json(ch)) FROM channels ch WHERE ch.id = known.resource);
    END IF;
    IF EXISTS (SELECT FROM channels WHERE microdao_id = p_microdao AND slug = p_slug) THEN
        RETURN messaging.refused('slug_taken');
    END IF;
    -- The same request again goes on with the same channel. Another one waits until the holder must have given up.
    INSERT INTO messaging.channel_reservations AS r (microdao_id, slug, channel_id, caller, request)
    VALUES (p_microdao, p_slug, gen_random_uuid(), p_caller, p_request)
    ON CONFLICT (microdao_id, slug) DO UPDATE SET
        channel_id = CASE WHEN r.caller = excluded.caller AND r.request = excluded.request
                          THEN r.channel_id ELSE excluded.channel_id END,
        caller = excluded.caller, request = excluded.request, reserved_at = now()
        WHERE r.caller = excluded.caller OR r.reserved_at < now() - interval '2 minutes'
    RETURNING r.channel_id INTO reserved;
    IF reserved IS NULL THEN
        RETURN messaging.refused('being_created');
    END IF;
    RETURN jsonb_build_object('channel_id', reserved);
END
$$;

-- After the room is made.
CREATE FUNCTION messaging.record_channel(
    p_channel uuid, p_caller text, p_caller_type text, p_caller_matrix_id text, p_room_id text, p_new jsonb,
    p_key text, p_request text
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
BEGIN
    DELETE FROM messaging.channel_reservations
    WHERE microdao_id = p_new ->> 'microdao_id' AND slug = p_new ->> 'slug' AND channel_id = p_channel;
    IF NOT FOUND THEN
        -- The same request, running twice, was faster the other time; or somebody else has taken over.
        SELECT * INTO ch FROM channels WHERE id = p_channel;
        IF FOUND THEN
            RETURN messaging.channel_json(ch);
        END IF;
        RETURN messaging.refused('being_created');
    END IF;
    INSERT INTO channels (id, slug, name, description, microdao_id, matrix_room_id, visibility, is_direct, is_encrypted,
                          topic, avatar_url, created_by)
    VALUES (p_channel, p_new ->> 'slug', p_new ->> 'name', p_new ->> 'description', p_new ->> 'microdao_id', p_room_id,
            p_new ->> 'visibility', coalesce((p_new ->> 'is_direct')::boolean, false),
            coalesce((p_new ->> 'is_encrypted')::boolean, false), p_new ->> 'topic', p_new ->> 'avatar_url', p_caller)
    ON CONFLICT DO NOTHING
    RETURNING * INTO ch;
    IF ch.id IS NULL THEN
        RETURN messaging.refused('slug_taken');
    END IF;
    INSERT INTO channel_members (channel_id, member_id, member_type, matrix_user_id, role, can_invite, can_kick,
                                 can_create_tasks, matrix_power_level)
    VALUES (ch.id, p_caller, p_caller_type, p_caller_matrix_id, 'owner', true, true, true, messaging.power_level('owner'));
    IF p_key IS NOT NULL THEN
        INSERT INTO messaging.idempotency_keys (caller, key, request, resource)
        VALUES (p_caller, p_key, p_request, ch.id) ON CONFLICT DO NOTHING;
    END IF;
    PERFORM messaging.audit(ch.id, 'channel.created', p_caller, NULL, jsonb_build_object('visibility', ch.visibility));
    PERFORM messaging.emit(ch, 'messaging.channel.created', jsonb_build_object(
        'matrix_room_id', ch.matrix_room_id, 'created_by', ch.created_by, 'visibility', ch.visibility,
        'channel', messaging.channel_json(ch)));
    PERFORM messaging.publish(ch, 1, 'integration.matrix.room.created', jsonb_build_object(
        'room_id', ch.matrix_room_id, 'sender_matrix_id', p_caller_matrix_id, 'type', 'm.room.create',
        'timestamp', (extract(epoch FROM ch.created_at) * 1000)::bigint, 'content', '{}'::jsonb));
    RETURN messaging.channel_json(ch);
END
$$;

-- --------------------------------------------------------------------------------------------- membership

-- Makes somebody an active member, if they are not one yet. The caller of this function holds the channel's row.
-- Who comes back starts as a plain member, but what was forbidden to them stays forbidden.
CREATE FUNCTION messaging.join_member(
    ch channels, p_member text, p_member_type text, p_matrix_user_id text
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    before channel_members;
    after channel_members;
    intent messaging.intents;
BEGIN
    SELECT * INTO before FROM channel_members WHERE channel_id = ch.id AND member_id = p_member;
    IF before.left_at IS NULL AND before.joined_at IS NOT NULL THEN
        RETURN;
    END IF;
    DELETE FROM messaging.intents
    WHERE channel_id = ch.id AND act = 'invite' AND target_id = p_member AND created_at > now() - interval '10 minutes'
    RETURNING * INTO intent;
    IF intent.actor_id IS NOT NULL THEN
        PERFORM messaging.invite_member(ch, p_member, p_member_type, p_matrix_user_id, intent.actor_id, intent.details);
    END IF;
    INSERT INTO channel_members AS m (channel_id, member_id, member_type, matrix_user_id, role)
    VALUES (ch.id, p_member, p_member_type, p_matrix_user_id, CASE p_member_type WHEN 'agent' THEN 'agent' ELSE 'member' END)
    ON CONFLICT (channel_id, member_id) DO UPDATE SET
        joined_at = now(), left_at = NULL,
        role = CASE WHEN m.left_at IS NULL THEN m.role ELSE excluded.role END,
        can_invite = m.can_invite AND m.left_at IS NULL,
        can_kick = m.can_kick AND m.left_at IS NULL,
        can_create_tasks = m.can_create_tasks AND m.left_at IS NULL,
        matrix_power_level = CASE WHEN m.left_at IS NULL THEN m.matrix_power_level ELSE 0 END,
        invited_by = CASE WHEN m.left_at IS NULL THEN m.invited_by END
    RETURNING * INTO after;
    PERFORM messaging.emit_member(ch, 'member.joined', p_member, after);
END
$$;

-- Makes somebody an invited member with a role and capabilities, who has joined when they already had.
-- The caller of this function holds the channel's row.
CREATE FUNCTION messaging.invite_member(
    ch channels, p_member text, p_member_type text, p_matrix_user_id text, p_inviter text, p_details jsonb
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    after channel_members;
BEGIN
    INSERT INTO channel_members AS m (channel_id, member_id, member_type, matrix_user_id, role, can_read, can_write,
                                      can_invite, can_kick, can_create_tasks, matrix_power_level, invited_by, joined_at)
    VALUES (ch.id, p_member, p_member_type, p_matrix_user_id, p_details ->> 'role',
            coalesce((p_details ->> 'can_read')::boolean, true), coalesce((p_details ->> 'can_write')::boolean, true),
            coalesce((p_details ->> 'can_invite')::boolean, false), coalesce((p_details ->> 'can_kick')::boolean, false),
            coalesce((p_details ->> 'can_create_tasks')::boolean, false), messaging.power_level(p_details ->> 'role'),
            p_inviter, NULL)
    ON CONFLICT (channel_id, member_id) DO UPDATE SET
        role = excluded.role, can_read = excluded.can_read, can_write = excluded.can_write,
        can_invite = excluded.can_invite, can_kick = excluded.can_kick, can_create_tasks = excluded.can_create_tasks,
        matrix_power_level = excluded.matrix_power_level, invited_by = excluded.invited_by,
        joined_at = CASE WHEN m.left_at IS NULL THEN m.joined_at END, left_at = NULL
    RETURNING * INTO after;
    PERFORM messaging.emit_member(ch, 'member.invited', p_inviter, after);
END
$$;

CREATE FUNCTION messaging.list_members(
    p_caller text, p_microdaos text[], p_channel uuid, p_limit integer, p_after uuid
) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    ch channels;
    items jsonb;
    next_id uuid;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel;
    IF messaging.access(ch, p_caller, p_microdaos) = 'none' THEN
        RETURN messaging.refused('channel_not_found');
    END IF;
    SELECT coalesce(jsonb_agg(messaging.member_json(m) ORDER BY m.id), '[]'), (array_agg(m.id ORDER BY m.id DESC))[1]
    INTO items, next_id
    FROM (SELECT * FROM channel_members
          WHERE channel_id = p_channel AND left_at IS NULL AND (p_after IS NULL OR id > p_after)
          ORDER BY id LIMIT p_limit) m;
    RETURN jsonb_build_object('items', items, 'links', CASE
        WHEN EXISTS (SELECT FROM channel_members WHERE channel_id = p_channel AND left_at IS NULL AND id > next_id)
        THEN jsonb_build_object('next', 'cursor=' || next_id) ELSE '{}' END);
END
$$;

-- Before somebody is invited in Matrix: may the caller, and with this role and these capabilities?
CREATE FUNCTION messaging.prepare_invite(
    p_caller text, p_microdaos text[], p_channel uuid, p_member text, p_details jsonb, p_key text, p_request text
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
    inviter channel_members;
    invitee channel_members;
    known messaging.idempotency_keys;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel;
    IF messaging.access(ch, p_caller, p_microdaos) = 'none' THEN
        RETURN messaging.refused('channel_not_found');
    END IF;
    SELECT * INTO known FROM messaging.idempotency_keys WHERE caller = p_caller AND key = p_key;
    IF FOUND THEN
        IF known.request <> p_request THEN
            RETURN messaging.refused('idempotency_key_reused');
        END IF;
        RETURN (SELECT jsonb_build_object('room_id', ch.matrix_room_id, 'member', messaging.member_json(m))
                FROM channel_members m WHERE m.id = known.resource);
    END IF;
    IF ch.archived_at IS NOT NULL THEN
        RETURN messaging.refused('channel_archived');
    END IF;
    SELECT * INTO inviter FROM channel_members
    WHERE channel_id = p_channel AND member_id = p_caller AND left_at IS NULL AND joined_at IS NOT NULL;
    IF NOT coalesce(inviter.can_invite, false) THEN
        RETURN messaging.refused('cannot_invite');
    END IF;
    IF messaging.rank(p_details ->> 'role') > messaging.rank(inviter.role)
        OR (p_details ->> 'can_invite')::boolean AND NOT inviter.can_invite
        OR (p_details ->> 'can_kick')::boolean AND NOT inviter.can_kick
        OR (p_details ->> 'can_create_tasks')::boolean AND NOT inviter.can_create_tasks THEN
        RETURN messaging.refused('cannot_grant');
    END IF;
    SELECT * INTO invitee FROM channel_members WHERE channel_id = p_channel AND member_id = p_member AND left_at IS NULL;
    IF invitee.joined_at IS NOT NULL THEN
        -- Asked for again: nothing to do. Asked for differently: that is a change, not an invitation.
        IF messaging.member_json(invitee) @> p_details THEN
            RETURN jsonb_build_object('room_id', ch.matrix_room_id, 'member', messaging.member_json(invitee));
        END IF;
        RETURN messaging.refused('already_a_member');
    END IF;
    INSERT INTO messaging.intents (channel_id, act, target_id, actor_id, details)
    VALUES (p_channel, 'invite', p_member, p_caller, p_details)
    ON CONFLICT (channel_id, act, target_id) DO UPDATE SET
        actor_id = excluded.actor_id, details = excluded.details, created_at = now();
    RETURN jsonb_build_object('room_id', ch.matrix_room_id);
END
$$;

-- After somebody was invited in Matrix, and joined if they are one of ours.
CREATE FUNCTION messaging.record_invite(
    p_channel uuid, p_caller text, p_member text, p_member_type text, p_matrix_user_id text, p_joined boolean,
    p_key text, p_request text
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
    intent messaging.intents;
    m channel_members;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel FOR NO KEY UPDATE;
    DELETE FROM messaging.intents WHERE channel_id = p_channel AND act = 'invite' AND target_id = p_member RETURNING * INTO intent;
    -- No intent: the homeserver's push was faster and has written it all.
    IF intent.actor_id IS NOT NULL THEN
        PERFORM messaging.invite_member(ch, p_member, p_member_type, p_matrix_user_id, intent.actor_id, intent.details);
    END IF;
    IF p_joined THEN
        PERFORM messaging.join_member(ch, p_member, p_member_type, p_matrix_user_id);
    END IF;
    SELECT * INTO m FROM channel_members WHERE channel_id = p_channel AND member_id = p_member;
    IF NOT FOUND THEN
        RETURN messaging.refused('member_not_found');
    END IF;
    IF p_key IS NOT NULL THEN
        INSERT INTO messaging.idempotency_keys (caller, key, request, resource)
        VALUES (p_caller, p_key, p_request, m.id) ON CONFLICT DO NOTHING;
    END IF;
    RETURN messaging.member_json(m);
END
$$;

-- A membership as the homeserver tells it. p_sender is who brought it about.
CREATE FUNCTION messaging.record_membership(
    p_room_id text, p_member text, p_member_type text, p_matrix_user_id text, p_membership text, p_sender text,
    p_changed_at text
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
    before channel_members;
    after channel_members;
BEGIN
    SELECT * INTO ch FROM channels WHERE matrix_room_id = p_room_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN messaging.refused('channel_not_found');
    END IF;
    SELECT * INTO before FROM channel_members WHERE channel_id = ch.id AND member_id = p_member;
    IF before.matrix_changed_at > p_changed_at::timestamptz THEN
        RETURN jsonb_build_object('changed', false);
    END IF;
    IF p_membership = 'join' THEN
        PERFORM messaging.join_member(ch, p_member, p_member_type, p_matrix_user_id);
    ELSIF p_membership = 'invite' AND (before.id IS NULL OR before.left_at IS NOT NULL) THEN
        DECLARE
            intent messaging.intents;
        BEGIN
            DELETE FROM messaging.intents WHERE channel_id = ch.id AND act = 'invite' AND target_id = p_member
                AND created_at > now() - interval '10 minutes' RETURNING * INTO intent;
            PERFORM messaging.invite_member(ch, p_member, p_member_type, p_matrix_user_id, coalesce(intent.actor_id, p_sender),
                coalesce(intent.details, jsonb_build_object('role', CASE p_member_type WHEN 'agent' THEN 'agent' ELSE 'member' END)));
        END;
    ELSIF p_membership IN ('leave', 'ban') AND before.id IS NOT NULL AND before.left_at IS NULL THEN
        UPDATE channel_members SET left_at = now() WHERE id = before.id RETURNING * INTO after;
        PERFORM messaging.emit_member(ch, CASE WHEN p_sender = p_member THEN 'member.left' ELSE 'member.kicked' END, p_sender, after);
    END IF;
    UPDATE channel_members SET matrix_changed_at = p_changed_at::timestamptz WHERE channel_id = ch.id AND member_id = p_member;
    RETURN jsonb_build_object('changed', true);
END
$$;

-- ---------------------------------------------------------------------------------------------- messages

-- A page of messages, newest first. p_before and p_after are {"seq": n}, {"message": id} or {"time": t}.
-- With p_thread only the answers to that message.
CREATE FUNCTION messaging.page_messages(
    p_caller text, p_microdaos text[], p_channel uuid, p_limit integer, p_before jsonb, p_after jsonb, p_thread uuid
) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    ch channels;
    -- The page lies strictly between these two.
    above bigint := 0;
    below bigint := 9223372036854775807;
    items jsonb;
    oldest bigint;
    newest bigint;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel;
    CASE messaging.access(ch, p_caller, p_microdaos)
        WHEN 'none' THEN RETURN messaging.refused('channel_not_found');
        WHEN 'knows' THEN RETURN messaging.refused('cannot_read');
        ELSE NULL;
    END CASE;
    IF p_before IS NOT NULL THEN
        below := CASE
            WHEN p_before ? 'seq' THEN (p_before ->> 'seq')::bigint
            WHEN p_before ? 'message' THEN
                (SELECT seq FROM messages WHERE id = (p_before ->> 'message')::uuid AND channel_id = p_channel)
            -- created_at never falls as seq rises (record_message sees to it), so one place bounds them all.
            ELSE coalesce((SELECT seq + 1 FROM messages
                           WHERE channel_id = p_channel AND created_at < (p_before ->> 'time')::timestamptz
                           ORDER BY created_at DESC, seq DESC LIMIT 1), 0)
        END;
    END IF;
    IF p_after IS NOT NULL THEN
        above := CASE
            WHEN p_after ? 'seq' THEN (p_after ->> 'seq')::bigint
            WHEN p_after ? 'message' THEN
                (SELECT seq FROM messages WHERE id = (p_after ->> 'message')::uuid AND channel_id = p_channel)
            ELSE coalesce((SELECT seq - 1 FROM messages
                           WHERE channel_id = p_channel AND created_at > (p_after ->> 'time')::timestamptz
                           ORDER BY created_at, seq LIMIT 1), below)
        END;
    END IF;
    IF above IS NULL OR below IS NULL THEN
        RETURN messaging.refused('position_not_found');
    END IF;
    -- After a place the nearest ones, otherwise the newest ones: two statements, so that each walks the index.
    IF p_after IS NULL THEN
        SELECT coalesce(jsonb_agg(messaging.message_json(m) ORDER BY m.seq DESC), '[]'), min(m.seq), max(m.seq)
        INTO items, oldest, newest
        FROM (SELECT * FROM messages
              WHERE channel_id = p_channel AND seq > above AND seq < below AND (p_thread IS NULL OR thread_id = p_thread)
              ORDER BY seq DESC LIMIT p_limit) m;
    ELSE
        SELECT coalesce(jsonb_agg(messaging.message_json(m) ORDER BY m.seq DESC), '[]'), min(m.seq), max(m.seq)
        INTO items, oldest, newest
        FROM (SELECT * FROM messages
              WHERE channel_id = p_channel AND seq > above AND seq < below AND (p_thread IS NULL OR thread_id = p_thread)
              ORDER BY seq LIMIT p_limit) m;
    END IF;
    RETURN jsonb_build_object('items', items, 'links', jsonb_build_object(
        'next', CASE WHEN EXISTS (SELECT FROM messages WHERE channel_id = p_channel AND seq < oldest
                                  AND (p_thread IS NULL OR thread_id = p_thread)) THEN 'before=' || oldest END,
        'prev', CASE WHEN EXISTS (SELECT FROM messages WHERE channel_id = p_channel AND seq > newest
                                  AND (p_thread IS NULL OR thread_id = p_thread)) THEN 'after=' || newest END));
END
$$;

-- Before a message is sent to Matrix: may the caller, was it sent before, must they join, what does it answer?
CREATE FUNCTION messaging.prepare_send(
    p_caller text, p_microdaos text[], p_channel uuid, p_reply_to uuid, p_key text, p_request text
) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    ch channels;
    sender channel_members;
    sent messages;
    answered text;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel;
    IF messaging.access(ch, p_caller, p_microdaos) = 'none' THEN
        -- An agent is told by name that it has to be added; to a person a closed channel does not exist.
        RETURN messaging.refused(CASE WHEN ch.id IS NOT NULL AND p_caller LIKE 'agent:%' THEN 'not_a_member' ELSE 'channel_not_found' END);
    END IF;
    SELECT * INTO sent FROM messages WHERE channel_id = p_channel AND sender_id = p_caller AND client_key = p_key;
    IF FOUND THEN
        IF sent.client_request IS DISTINCT FROM p_request THEN
            RETURN messaging.refused('idempotency_key_reused');
        END IF;
        RETURN jsonb_build_object('room_id', ch.matrix_room_id, 'message', messaging.message_json(sent));
    END IF;
    IF ch.archived_at IS NOT NULL THEN
        RETURN messaging.refused('channel_archived');
    END IF;
    SELECT * INTO sender FROM channel_members WHERE channel_id = p_channel AND member_id = p_caller;
    -- What was forbidden to somebody stays forbidden when they leave and come back.
    IF NOT coalesce(sender.can_write, true) THEN
        RETURN messaging.refused('cannot_write');
    END IF;
    IF (sender.id IS NULL OR sender.left_at IS NOT NULL) AND p_caller LIKE 'agent:%' THEN
        RETURN messaging.refused('not_a_member');
    END IF;
    IF ch.is_encrypted THEN
        RETURN messaging.refused('encrypted');
    END IF;
    IF p_reply_to IS NOT NULL THEN
        SELECT matrix_event_id INTO answered FROM messages
        WHERE id = p_reply_to AND channel_id = p_channel AND deleted_at IS NULL;
        IF NOT FOUND THEN
            RETURN messaging.refused('reply_to_not_found');
        END IF;
    END IF;
    RETURN jsonb_build_object('room_id', ch.matrix_room_id, 'reply_to_event_id', answered,
        'join', sender.id IS NULL OR sender.left_at IS NOT NULL OR sender.joined_at IS NULL);
END
$$;

-- A message that is in Matrix, from whichever path comes first: only the first one inserts, takes a number
-- and writes the outbox. p_joined: the sender has just joined by posting. p_content: what Matrix pushed.
CREATE FUNCTION messaging.record_message(
    p_room_id text, p_message uuid, p_event_id text, p_matrix_type text, p_sender text, p_sender_type text,
    p_sender_matrix_id text, p_preview text, p_content_type text, p_reply_to_event_id text, p_key text, p_request text,
    p_sent_at text, p_joined boolean, p_content jsonb
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
    m messages;
    next_seq bigint;
BEGIN
    SELECT * INTO ch FROM channels WHERE matrix_room_id = p_room_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN messaging.refused('channel_not_found');
    END IF;
    IF p_joined THEN
        PERFORM messaging.join_member(ch, p_sender, p_sender_type, p_sender_matrix_id);
    END IF;
    SELECT * INTO m FROM messages WHERE matrix_event_id = p_event_id;
    IF NOT FOUND AND p_key IS NOT NULL THEN
        SELECT * INTO m FROM messages WHERE channel_id = ch.id AND sender_id = p_sender AND client_key = p_key;
    END IF;
    IF m.id IS NOT NULL THEN
        -- The push was faster, and the gateway does not carry the key in the event.
        IF m.client_key IS NULL AND p_key IS NOT NULL AND m.sender_id = p_sender THEN
            UPDATE messages SET client_key = p_key, client_request = p_request WHERE id = m.id RETURNING * INTO m;
        END IF;
        -- Two requests with one key at the same time: the homeserver gave both the event of the first.
        IF p_key IS NOT NULL AND m.client_request IS DISTINCT FROM p_request THEN
            RETURN messaging.refused('idempotency_key_reused');
        END IF;
        RETURN jsonb_build_object('message', messaging.message_json(m), 'inserted', false);
    END IF;
    next_seq := messaging.take_seq(ch.id);
    INSERT INTO messages (id, channel_id, seq, matrix_event_id, matrix_type, sender_id, sender_type, sender_matrix_id,
                          content_preview, content_type, thread_id, client_key, client_request, created_at)
    VALUES (p_message, ch.id, next_seq, p_event_id, p_matrix_type, p_sender, p_sender_type, p_sender_matrix_id,
            CASE WHEN ch.is_encrypted THEN '' ELSE p_preview END, p_content_type,
            (SELECT id FROM messages WHERE matrix_event_id = p_reply_to_event_id AND channel_id = ch.id), p_key, p_request,
            -- Never in the future and never before the message in front of it, whatever the sender's server says.
            greatest(least(coalesce(p_sent_at::timestamptz, now()), now()),
                     (SELECT created_at FROM messages WHERE channel_id = ch.id ORDER BY seq DESC LIMIT 1)))
    RETURNING * INTO m;
    PERFORM messaging.emit_message(ch, 'message.created', next_seq, m);
    IF p_content IS NOT NULL THEN
        PERFORM messaging.publish(ch, next_seq, 'integration.matrix.message', jsonb_build_object(
            'room_id', p_room_id, 'event_id', p_event_id, 'sender_matrix_id', p_sender_matrix_id, 'type', p_matrix_type,
            'timestamp', (extract(epoch FROM m.created_at) * 1000)::bigint,
            'content', CASE WHEN ch.is_encrypted THEN '{}' ELSE p_content END));
    END IF;
    RETURN jsonb_build_object('message', messaging.message_json(m), 'inserted', true);
END
$$;
