-- Room upgrades: a channel follows its room's replacement once the bot is in it.

CREATE TABLE messaging.room_upgrades (
    replacement_room_id text PRIMARY KEY,
    channel_id          uuid NOT NULL UNIQUE REFERENCES channels (id) ON DELETE CASCADE,
    actor_id            text NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION messaging.record_tombstone(p_room_id text, p_replacement_room_id text, p_actor text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
BEGIN
    SELECT * INTO ch FROM channels WHERE matrix_room_id = p_room_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN messaging.refused('channel_not_found');
    END IF;
    -- A room that is a channel's already is nobody's replacement.
    IF NOT EXISTS (SELECT FROM channels WHERE matrix_room_id = p_replacement_room_id) THEN
        DELETE FROM messaging.room_upgrades WHERE channel_id = ch.id;
        INSERT INTO messaging.room_upgrades (replacement_room_id, channel_id, actor_id)
        VALUES (p_replacement_room_id, ch.id, p_actor) ON CONFLICT DO NOTHING;
    END IF;
    RETURN jsonb_build_object('recorded', true);
END
$$;

CREATE FUNCTION messaging.find_upgrade(p_replacement_room_id text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('pending', EXISTS (
        SELECT FROM messaging.room_upgrades WHERE replacement_room_id = p_replacement_room_id))
$$;

CREATE FUNCTION messaging.follow_upgrade(p_replacement_room_id text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
    upgrade messaging.room_upgrades;
BEGIN
    DELETE FROM messaging.room_upgrades WHERE replacement_room_id = p_replacement_room_id RETURNING * INTO upgrade;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('followed', false);
    END IF;
    SELECT * INTO ch FROM channels WHERE id = upgrade.channel_id FOR NO KEY UPDATE;
    INSERT INTO messaging.former_rooms (room_id, channel_id) VALUES (ch.matrix_room_id, ch.id) ON CONFLICT DO NOTHING;
    UPDATE messages SET matrix_room_id = ch.matrix_room_id WHERE channel_id = ch.id AND matrix_room_id IS NULL;
    -- The new room's state starts afresh.
    DELETE FROM messaging.room_state WHERE channel_id = ch.id;
    PERFORM messaging.change_channel(ch, upgrade.actor_id, jsonb_build_object('matrix_room_id', p_replacement_room_id));
    RETURN jsonb_build_object('followed', true);
END
$$;
