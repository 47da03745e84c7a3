-- A room's state as the homeserver tells it.

-- The type of the state event that a column of the channel follows; NULL for one that Matrix does not have.
CREATE FUNCTION messaging.state_type(p_field text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_field WHEN 'name' THEN 'm.room.name' WHEN 'topic' THEN 'm.room.topic' WHEN 'avatar_url' THEN 'm.room.avatar'
        WHEN 'visibility' THEN 'm.room.join_rules' END
$$;

-- What the room says when a column has this value: of a visibility it has only whether everybody may join.
CREATE FUNCTION messaging.state_value(p_field text, p_value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p_field <> 'visibility' THEN nullif(p_value, '') WHEN p_value = 'public' THEN 'public' ELSE 'closed' END
$$;

-- The part of p_changes that the room has not been told to be otherwise since p_asked_at.
CREATE FUNCTION messaging.still_so(p_channel_id uuid, p_changes jsonb, p_asked_at timestamptz) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT coalesce(jsonb_object_agg(c.key, c.value), '{}') FROM jsonb_each(p_changes) c
            WHERE NOT EXISTS (SELECT FROM messaging.room_state s
                WHERE s.channel_id = p_channel_id AND s.event_type = messaging.state_type(c.key) AND s.followed_at > p_asked_at
                    AND s.value IS DISTINCT FROM messaging.state_value(c.key, c.value #>> '{}')));
END
$$;

-- Carries out what is confirmed of a change through the API, and what Matrix has no place for once all is. How long messages are
-- kept is never set so: its owner may have said otherwise since, and what is deleted does not come back. The caller of this
-- function holds the channel's row.
CREATE FUNCTION messaging.complete_update(ch public.channels, intent messaging.intents) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    rest jsonb := intent.details - intent.confirmed;
    is_complete boolean := rest - '{description,link_previews,retention_days}'::text[] = '{}';
BEGIN
    IF is_complete THEN
        DELETE FROM messaging.intents WHERE channel_id = ch.id AND act = 'update' AND target_id = intent.target_id;
    ELSE
        UPDATE messaging.intents SET details = rest, confirmed = '{}'
        WHERE channel_id = ch.id AND act = 'update' AND target_id = intent.target_id;
    END IF;
    PERFORM messaging.change_channel(ch, intent.actor_id, messaging.still_so(ch.id,
        CASE WHEN is_complete THEN intent.details - 'retention_days'
             ELSE (SELECT jsonb_object_agg(key, value) FROM jsonb_each(intent.details) WHERE key = ANY (intent.confirmed)) END,
        intent.created_at));
END
$$;

-- A part of the room's state is to be followed: p_value is what state_value has of it, p_changes the column's new value when
-- nobody has asked for it here. Returns whether it came of an intent that may still be under way. The caller of this
-- function holds the channel's row.
--
-- A change through the API comes back part by part, possibly before the API has recorded it. It is one change, so it is
-- applied when all of its parts have come, or when the API says what it has done.
CREATE FUNCTION messaging.follow_field(
    ch public.channels, p_field text, p_value text, p_changes jsonb, p_sender_id text, p_by_bot boolean
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    intent messaging.intents;
BEGIN
    UPDATE messaging.intents SET confirmed = array_append(confirmed, p_field)
    WHERE channel_id = ch.id AND act = 'update' AND target_id = (
        SELECT i.target_id FROM messaging.intents i
        WHERE i.channel_id = ch.id AND i.act = 'update' AND (i.actor_id = p_sender_id OR p_by_bot) AND i.details ? p_field
            AND p_field <> ALL (i.confirmed)
            AND messaging.state_value(p_field, i.details ->> p_field) IS NOT DISTINCT FROM p_value
        ORDER BY i.created_at LIMIT 1)
    RETURNING * INTO intent;
    IF intent.actor_id IS NULL THEN
        PERFORM messaging.change_channel(ch, p_sender_id, p_changes);
        RETURN false;
    END IF;
    IF intent.details - intent.confirmed - '{description,link_previews,retention_days}'::text[] = '{}' OR NOT messaging.is_under_way(intent.created_at) THEN
        PERFORM messaging.complete_update(ch, intent);
    END IF;
    RETURN messaging.is_under_way(intent.created_at);
END
$$;

-- A part of the state: p_field is a column, p_value its new value or NULL. An archived channel stays as it is. ask_version:
-- the homeserver has to be asked for the state that the room has, which is then told with this p_version.
CREATE FUNCTION messaging.record_room_state(
    p_room_id text, p_event_type text, p_field text, p_value text, p_sender_id text, p_by_bot boolean, p_changed_at text,
    p_event_id text DEFAULT NULL, p_order text DEFAULT 'clock', p_version text DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    judged record;
    -- Matrix takes a part of the state away by making it empty.
    new_value text := nullif(p_value, '');
BEGIN
    ch := messaging.lock_room(p_room_id);
    IF ch.id IS NULL THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    document := messaging.must_ask_json(NULL);
    IF ch.archived_at IS NOT NULL THEN
        RETURN;
    END IF;
    judged := messaging.follow_state(ch.id, p_event_type, new_value, p_changed_at::timestamptz, p_event_id, p_order, p_version);
    IF judged.judgement = 'ask' THEN
        document := messaging.must_ask_json(judged.version);
    ELSIF judged.judgement = 'follow' AND NOT (p_field = 'name' AND new_value IS NULL) THEN
        PERFORM messaging.follow_field(ch, p_field, new_value, jsonb_build_object(p_field, new_value), p_sender_id, p_by_bot);
    END IF;
END
$$;

-- The room is encrypted from this moment on.
CREATE FUNCTION messaging.record_encryption(
    p_room_id text, p_sender_id text, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE matrix_room_id = p_room_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
    ELSIF NOT ch.is_encrypted THEN
        PERFORM messaging.change_channel(ch, p_sender_id, '{"is_encrypted": true}');
    END IF;
END
$$;
