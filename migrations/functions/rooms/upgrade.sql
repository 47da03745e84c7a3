-- Room upgrades: a channel follows its room's replacement once the bot is in it.

CREATE FUNCTION messaging.record_tombstone(
    p_room_id text, p_replacement_room_id text, p_actor_id text, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE matrix_room_id = p_room_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    -- A room that is a channel's already is nobody's replacement.
    IF NOT EXISTS (SELECT FROM public.channels WHERE matrix_room_id = p_replacement_room_id) THEN
        DELETE FROM messaging.room_upgrades WHERE channel_id = ch.id;
        INSERT INTO messaging.room_upgrades (replacement_room_id, channel_id, actor_id)
        VALUES (p_replacement_room_id, ch.id, p_actor_id) ON CONFLICT DO NOTHING;
    END IF;
END
$$;

CREATE FUNCTION messaging.find_upgrade(p_replacement_room_id text, OUT refusal messaging.refusal, OUT document json)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    document := json_build_object('is_pending', EXISTS (
        SELECT FROM messaging.room_upgrades WHERE replacement_room_id = p_replacement_room_id));
END
$$;

CREATE FUNCTION messaging.follow_upgrade(p_replacement_room_id text, OUT refusal messaging.refusal, OUT document json)
LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    upgrade messaging.room_upgrades;
BEGIN
    DELETE FROM messaging.room_upgrades WHERE replacement_room_id = p_replacement_room_id RETURNING * INTO upgrade;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO ch FROM public.channels WHERE id = upgrade.channel_id FOR NO KEY UPDATE;
    INSERT INTO messaging.former_rooms (room_id, channel_id) VALUES (ch.matrix_room_id, ch.id) ON CONFLICT DO NOTHING;
    UPDATE public.messages SET matrix_room_id = ch.matrix_room_id WHERE channel_id = ch.id AND matrix_room_id IS NULL;
    -- The new room's state starts afresh.
    DELETE FROM messaging.room_state WHERE channel_id = ch.id;
    PERFORM messaging.change_channel(ch, upgrade.actor_id, jsonb_build_object('matrix_room_id', p_replacement_room_id));
END
$$;
