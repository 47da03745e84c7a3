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

-- What somebody is about to do in Matrix through the API. The homeserver may push the result back before the
-- API records it, or the API may never get to it: whoever comes first finds here who wanted what.
CREATE TABLE messaging.intents (
    channel_id uuid NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    act        text NOT NULL,
    target_id  text NOT NULL,
    actor_id   text NOT NULL,
    details    jsonb NOT NULL DEFAULT '{}',
    -- The parts of details that the homeserver has told already.
    confirmed  text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (channel_id, act, target_id)
);

-- When the homeserver says a part of the room's state last changed: its pushes may come late and out of order.
CREATE TABLE messaging.room_state (
    channel_id uuid NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    event_type text NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (channel_id, event_type)
);

-- Whether this change is newer than the last one, which it then becomes.
CREATE FUNCTION messaging.is_news(p_channel uuid, p_event_type text, p_changed_at timestamptz) RETURNS boolean LANGUAGE sql AS $$
    WITH newer AS (
        INSERT INTO messaging.room_state AS s (channel_id, event_type, changed_at) VALUES (p_channel, p_event_type, p_changed_at)
        ON CONFLICT (channel_id, event_type) DO UPDATE SET changed_at = excluded.changed_at WHERE s.changed_at <= excluded.changed_at
        RETURNING 1)
    SELECT EXISTS (SELECT FROM newer)
$$;

-- Takes what somebody was about to do, if it was lately. A push may take it only when it comes from that somebody,
-- or from the bot, which acts for them: p_sender NULL is the API itself, for its own intent.
CREATE FUNCTION messaging.take_intent(
    p_channel uuid, p_act text, p_target text, p_sender text, p_by_bot boolean
) RETURNS messaging.intents LANGUAGE sql AS $$
    DELETE FROM messaging.intents WHERE channel_id = p_channel AND act = p_act AND target_id = p_target
        AND created_at > now() - interval '10 minutes' AND (p_sender IS NULL OR p_by_bot OR actor_id = p_sender) RETURNING *
$$;

CREATE FUNCTION messaging.set_intent(p_channel uuid, p_act text, p_target text, p_actor text, p_details jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO messaging.intents (channel_id, act, target_id, actor_id, details)
    VALUES (p_channel, p_act, p_target, p_actor, p_details)
    ON CONFLICT (channel_id, act, target_id) DO UPDATE SET
        actor_id = excluded.actor_id, details = excluded.details, confirmed = '{}', created_at = now()
$$;

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
-- ('knows'), or read it ('reads'). An anonymous caller (NULL) reads public channels, the platform's own service
-- ('service:internal', which no token can name) every one. Agents hold no keys, so
-- an encrypted channel has nothing for them to read.
CREATE FUNCTION messaging.access(ch channels, p_caller text, p_microdaos text[]) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN found.access = 'reads' AND ch.is_encrypted AND p_caller LIKE 'agent:%' THEN 'knows' ELSE found.access END
    FROM (SELECT CASE
        WHEN ch.id IS NULL THEN 'none'
        WHEN ch.visibility = 'public' OR p_caller = 'service:internal' THEN 'reads'
        WHEN p_caller IS NULL THEN 'none'
        WHEN ch.visibility = 'microdao' AND NOT ch.is_direct
             AND (p_microdaos IS NULL OR ch.microdao_id = ANY (p_microdaos)) THEN 'reads'
        ELSE coalesce(
            (SELECT CASE WHEN m.can_read THEN 'reads' ELSE 'knows' END FROM channel_members m
             WHERE m.channel_id = ch.id AND m.member_id = p_caller AND m.left_at IS NULL), 'none')
    END AS access) found
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

-- The power level of a member. Who may not write is below the level that writing takes, with whatever client.
CREATE FUNCTION messaging.level_of(p_role text, p_can_write boolean) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN messaging.power_level(p_role) = 0 AND NOT p_can_write THEN -1 ELSE messaging.power_level(p_role) END
$$;

-- The role of somebody for whom nobody named one.
CREATE FUNCTION messaging.usual_role(p_member_type text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_member_type WHEN 'agent' THEN 'agent' ELSE 'member' END
$$;

-- What a role may do about others, when nobody says otherwise.
CREATE FUNCTION messaging.capabilities(p_role text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object('can_invite', messaging.rank(p_role) > 1, 'can_kick', messaging.rank(p_role) > 1,
                              'can_create_tasks', messaging.rank(p_role) > 1)
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
