-- Channels: list, get, create, change, archive.

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

CREATE INDEX IF NOT EXISTS channels_microdao_listing ON channels (microdao_id, created_at DESC, id DESC) WHERE archived_at IS NULL;

CREATE FUNCTION messaging.list_channels(
    p_caller text, p_microdaos text[], p_microdao text, p_limit integer, p_before_time text, p_before_id uuid
) RETURNS jsonb LANGUAGE sql STABLE AS $$
    WITH visible AS (
        SELECT ch FROM channels ch
        WHERE ch.archived_at IS NULL
          AND (p_microdao IS NULL OR ch.microdao_id = p_microdao)
          AND (p_before_time IS NULL OR (ch.created_at, ch.id) < (p_before_time::timestamptz, p_before_id))
          -- messaging.access, written out so that the planner can use the indexes.
          AND (ch.visibility = 'public'
               OR ch.visibility = 'microdao' AND NOT ch.is_direct AND (p_microdaos IS NULL OR ch.microdao_id = ANY (p_microdaos))
               OR ch.id IN (SELECT m.channel_id FROM channel_members m WHERE m.member_id = p_caller AND m.left_at IS NULL))
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
    p_caller text, p_microdaos text[], p_microdao text, p_slug text, p_direct boolean, p_key text, p_request text
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    known messaging.idempotency_keys;
    taken channels;
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
    SELECT * INTO taken FROM channels WHERE microdao_id = p_microdao AND slug = p_slug;
    IF FOUND THEN
        -- A direct channel's slug comes from its pair, so this is the one they have.
        IF p_direct AND taken.is_direct THEN
            RETURN jsonb_build_object('channel', messaging.channel_json(taken), 'archived', taken.archived_at IS NOT NULL,
                'rejoin', EXISTS (SELECT FROM channel_members WHERE channel_id = taken.id AND member_id = p_caller AND left_at IS NOT NULL));
        END IF;
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
    held boolean;
BEGIN
    DELETE FROM messaging.channel_reservations
    WHERE microdao_id = p_new ->> 'microdao_id' AND slug = p_new ->> 'slug' AND channel_id = p_channel;
    held := FOUND;
    -- Two different requests with one key at the same time: the second to get here is the error.
    IF EXISTS (SELECT FROM messaging.idempotency_keys WHERE caller = p_caller AND key = p_key AND request <> p_request) THEN
        RETURN messaging.refused('idempotency_key_reused');
    END IF;
    IF NOT held THEN
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
        VALUES (p_caller, p_key, p_request, ch.id);
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

-- Applies changes, already carried out in Matrix, to the row. p_changes holds the new value of each changed column.
-- The caller of this function holds the channel's row.
CREATE FUNCTION messaging.change_channel(ch channels, p_actor text, p_changes jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    after channels;
    news jsonb;
BEGIN
    SELECT jsonb_object_agg(key, value) INTO news FROM jsonb_each(p_changes)
    WHERE value IS DISTINCT FROM messaging.channel_json(ch) -> key;
    IF news IS NULL THEN
        RETURN;
    END IF;
    UPDATE channels SET
        name = coalesce(news ->> 'name', name),
        description = CASE WHEN news ? 'description' THEN news ->> 'description' ELSE description END,
        topic = CASE WHEN news ? 'topic' THEN news ->> 'topic' ELSE topic END,
        avatar_url = CASE WHEN news ? 'avatar_url' THEN news ->> 'avatar_url' ELSE avatar_url END,
        visibility = coalesce(news ->> 'visibility', visibility),
        is_encrypted = is_encrypted OR coalesce((news ->> 'is_encrypted')::boolean, false),
        matrix_room_id = coalesce(news ->> 'matrix_room_id', matrix_room_id),
        updated_at = now()
    WHERE id = ch.id RETURNING * INTO after;
    PERFORM messaging.audit(ch.id, 'channel.updated', p_actor, NULL, news);
    PERFORM messaging.emit(after, 'messaging.channel.updated', jsonb_build_object(
        'matrix_room_id', after.matrix_room_id, 'created_by', after.created_by, 'visibility', after.visibility,
        'actor_id', p_actor, 'channel', messaging.channel_json(after)));
END
$$;

-- Who manages a channel: its owners and admins. NULL when the caller does, else the refusal.
CREATE FUNCTION messaging.manager_refusal(ch channels, p_caller text, p_microdaos text[]) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN messaging.access(ch, p_caller, p_microdaos) = 'none' THEN 'channel_not_found'
        WHEN NOT EXISTS (SELECT FROM channel_members m WHERE m.channel_id = ch.id AND m.member_id = p_caller
                         AND m.left_at IS NULL AND m.joined_at IS NOT NULL AND messaging.rank(m.role) >= 2) THEN 'cannot_manage'
        WHEN ch.archived_at IS NOT NULL THEN 'channel_archived'
    END
$$;

-- Before a channel's room changes: may the caller, and what is really new?
CREATE FUNCTION messaging.prepare_channel_change(
    p_caller text, p_microdaos text[], p_channel uuid, p_changes jsonb
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
    refusal text;
    news jsonb;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel;
    refusal := messaging.manager_refusal(ch, p_caller, p_microdaos);
    IF refusal IS NOT NULL THEN
        RETURN messaging.refused(refusal);
    END IF;
    IF ch.is_direct AND p_changes ? 'visibility' AND p_changes ->> 'visibility' <> ch.visibility THEN
        RETURN messaging.refused('direct_stays_private');
    END IF;
    SELECT coalesce(jsonb_object_agg(key, value), '{}') INTO news FROM jsonb_each(p_changes)
    WHERE value IS DISTINCT FROM messaging.channel_json(ch) -> key;
    IF news <> '{}' THEN
        PERFORM messaging.set_intent(p_channel, 'update', 'channel', p_caller, news);
    END IF;
    RETURN jsonb_build_object('room_id', ch.matrix_room_id, 'changes', news);
END
$$;

-- After the room has changed.
CREATE FUNCTION messaging.record_channel_change(p_channel uuid, p_caller text, p_changes jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
    intent messaging.intents;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel FOR NO KEY UPDATE;
    intent := messaging.take_intent(p_channel, 'update', 'channel', NULL, false);
    -- An older push that comes late must not undo this.
    PERFORM messaging.is_news(p_channel, part.event_type, coalesce(intent.created_at, now()))
    FROM (VALUES ('name', 'm.room.name'), ('topic', 'm.room.topic'), ('avatar_url', 'm.room.avatar')) part (field, event_type)
    WHERE p_changes ? part.field;
    PERFORM messaging.change_channel(ch, p_caller, p_changes);
    RETURN (SELECT messaging.channel_json(c) FROM channels c WHERE c.id = p_channel);
END
$$;

-- A part of the room's state as the homeserver tells it: p_field is a column, p_value its new value or NULL.
CREATE FUNCTION messaging.record_room_state(
    p_room_id text, p_event_type text, p_field text, p_value text, p_sender text, p_by_bot boolean, p_changed_at text
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
    intent messaging.intents;
    -- Matrix takes a part of the state away by making it empty.
    news text := nullif(p_value, '');
BEGIN
    SELECT * INTO ch FROM channels WHERE matrix_room_id = p_room_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN messaging.refused('channel_not_found');
    END IF;
    IF NOT messaging.is_news(ch.id, p_event_type, least(p_changed_at::timestamptz, now())) OR p_field = 'name' AND news IS NULL THEN
        RETURN jsonb_build_object('changed', false);
    END IF;
    -- A change through the API comes back here part by part, possibly before the API has recorded it. It is one
    -- change, so it is applied when all of its parts have come, or when the API says what it has done.
    UPDATE messaging.intents SET confirmed = array_append(confirmed, p_field)
    WHERE channel_id = ch.id AND act = 'update' AND target_id = 'channel' AND created_at > now() - interval '1 minute'
        AND (actor_id = p_sender OR p_by_bot) AND details ? p_field AND details ->> p_field IS NOT DISTINCT FROM news
    RETURNING * INTO intent;
    IF intent.actor_id IS NULL THEN
        PERFORM messaging.change_channel(ch, p_sender, jsonb_build_object(p_field, news));
    ELSIF intent.details - intent.confirmed - 'description' = '{}' THEN
        PERFORM messaging.take_intent(ch.id, 'update', 'channel', NULL, false);
        PERFORM messaging.change_channel(ch, intent.actor_id, intent.details);
    END IF;
    RETURN jsonb_build_object('changed', true);
END
$$;

-- The room is encrypted from now on.
CREATE FUNCTION messaging.record_encryption(p_room_id text, p_sender text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
BEGIN
    SELECT * INTO ch FROM channels WHERE matrix_room_id = p_room_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN messaging.refused('channel_not_found');
    END IF;
    IF NOT ch.is_encrypted THEN
        PERFORM messaging.change_channel(ch, p_sender, '{"is_encrypted": true}');
    END IF;
    RETURN jsonb_build_object('encrypted', true);
END
$$;

-- Before a channel is archived: may the caller? Archived already is fine.
CREATE FUNCTION messaging.prepare_archive(p_caller text, p_microdaos text[], p_channel uuid) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    ch channels;
    refusal text;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel;
    refusal := messaging.manager_refusal(ch, p_caller, p_microdaos);
    IF refusal IS NOT NULL AND refusal <> 'channel_archived' THEN
        RETURN messaging.refused(refusal);
    END IF;
    RETURN jsonb_build_object('room_id', ch.matrix_room_id, 'archived', ch.archived_at IS NOT NULL);
END
$$;

CREATE FUNCTION messaging.record_archive(p_channel uuid, p_caller text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
BEGIN
    UPDATE channels SET archived_at = now(), updated_at = now() WHERE id = p_channel AND archived_at IS NULL RETURNING * INTO ch;
    IF FOUND THEN
        PERFORM messaging.audit(ch.id, 'channel.archived', p_caller, NULL, NULL);
        PERFORM messaging.emit(ch, 'messaging.channel.archived', jsonb_build_object(
            'matrix_room_id', ch.matrix_room_id, 'created_by', ch.created_by, 'visibility', ch.visibility,
            'actor_id', p_caller, 'channel', messaging.channel_json(ch)));
    END IF;
    RETURN jsonb_build_object('archived', true);
END
$$;

-- What an agent filter asks: who may answer in this channel?
CREATE FUNCTION messaging.agent_context(p_channel uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (SELECT jsonb_build_object(
            'channel_id', ch.id, 'microdao_id', ch.microdao_id, 'visibility', ch.visibility, 'slug', ch.slug,
            'name', ch.name, 'topic', ch.topic, 'is_direct', ch.is_direct, 'is_encrypted', ch.is_encrypted,
            'archived_at', messaging.rfc3339(ch.archived_at),
            'allowed_agents', coalesce(jsonb_agg(m.member_id ORDER BY m.member_id)
                FILTER (WHERE m.member_id IS NOT NULL AND m.can_write AND ch.archived_at IS NULL), '[]'),
            'disabled_agents', coalesce(jsonb_agg(m.member_id ORDER BY m.member_id)
                FILTER (WHERE m.member_id IS NOT NULL AND NOT (m.can_write AND ch.archived_at IS NULL)), '[]'))
         FROM channels ch LEFT JOIN channel_members m
            ON m.channel_id = ch.id AND m.member_type = 'agent' AND m.left_at IS NULL AND m.joined_at IS NOT NULL
         WHERE ch.id = p_channel GROUP BY ch.id),
        messaging.refused('channel_not_found'))
$$;
