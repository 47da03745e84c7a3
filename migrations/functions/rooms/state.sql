-- A room's state as the homeserver tells it.

-- A part of the state: p_field is a column, p_value its new value or NULL.
CREATE FUNCTION messaging.record_room_state(
    p_room_id text, p_event_type text, p_field text, p_value text, p_sender_id text, p_by_bot boolean, p_changed_at text,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    intent messaging.intents;
    -- Matrix takes a part of the state away by making it empty.
    new_value text := nullif(p_value, '');
BEGIN
    SELECT * INTO ch FROM public.channels WHERE matrix_room_id = p_room_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    IF NOT messaging.is_newer(ch.id, p_event_type, least(p_changed_at::timestamptz, now()))
        OR p_field = 'name' AND new_value IS NULL THEN
        RETURN;
    END IF;
    -- A change through the API comes back here part by part, possibly before the API has recorded it. It is one
    -- change, so it is applied when all of its parts have come, or when the API says what it has done.
    UPDATE messaging.intents SET confirmed = array_append(confirmed, p_field)
    WHERE channel_id = ch.id AND act = 'update' AND target_id = 'channel' AND created_at > now() - interval '1 minute'
        AND (actor_id = p_sender_id OR p_by_bot) AND details ? p_field
        AND details ->> p_field IS NOT DISTINCT FROM new_value
    RETURNING * INTO intent;
    IF intent.actor_id IS NULL THEN
        PERFORM messaging.change_channel(ch, p_sender_id, jsonb_build_object(p_field, new_value));
    ELSIF intent.details - intent.confirmed - 'description' = '{}' THEN
        PERFORM messaging.take_intent(ch.id, 'update', 'channel', NULL, false);
        PERFORM messaging.change_channel(ch, intent.actor_id, intent.details);
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
