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
    -- A room that is a channel's, or was one's before an upgrade, is nobody's replacement.
    IF messaging.channel_of_room(p_replacement_room_id) IS NULL THEN
        DELETE FROM messaging.room_upgrades WHERE channel_id = ch.id;
        INSERT INTO messaging.room_upgrades (replacement_room_id, channel_id, actor_id)
        VALUES (p_replacement_room_id, ch.id, p_actor_id) ON CONFLICT DO NOTHING;
    END IF;
END
$$;

-- Whether a channel waits to follow its room to this one, and from which: the replacement has to name it as its predecessor.
-- banned: who has to be banned in it before the channel moves there. Once it has, nothing would come back to that.
CREATE FUNCTION messaging.find_upgrade(p_replacement_room_id text, OUT refusal messaging.refusal, OUT document json)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    ch public.channels;
BEGIN
    SELECT c.* INTO ch FROM messaging.room_upgrades u JOIN public.channels c ON c.id = u.channel_id
    WHERE u.replacement_room_id = p_replacement_room_id;
    document := json_build_object('is_pending', ch.id IS NOT NULL, 'predecessor_room_id', ch.matrix_room_id,
        'banned', messaging.banned_matrix_ids(ch.id));
END
$$;

-- p_predecessor_room_id: the room that the replacement names. A channel that has another one stays where it is; NULL, of
-- a component that has not looked, moves none. p_is_closed: the replacement lets no strangers in, or shows them nothing; a public
-- channel is private from the move on (has_closed). banned: who has to be banned in the replacement, which need not know.
CREATE FUNCTION messaging.follow_upgrade(
    p_replacement_room_id text, p_predecessor_room_id text DEFAULT NULL, p_is_closed boolean DEFAULT false,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    upgrade messaging.room_upgrades;
    closes boolean;
BEGIN
    -- The channel first, as in record_tombstone: two that lock in different orders wait for each other for ever.
    SELECT c.* INTO ch FROM public.channels c JOIN messaging.room_upgrades u ON u.channel_id = c.id
    WHERE u.replacement_room_id = p_replacement_room_id FOR NO KEY UPDATE OF c;
    IF NOT FOUND OR p_predecessor_room_id IS DISTINCT FROM ch.matrix_room_id THEN
        RETURN;
    END IF;
    DELETE FROM messaging.room_upgrades WHERE replacement_room_id = p_replacement_room_id AND channel_id = ch.id
    RETURNING * INTO upgrade;
    -- Meanwhile another tombstone may have named another room, or the room may have become a channel's.
    IF NOT FOUND OR messaging.channel_of_room(p_replacement_room_id) IS NOT NULL THEN
        RETURN;
    END IF;
    INSERT INTO messaging.former_rooms (room_id, channel_id) VALUES (ch.matrix_room_id, ch.id) ON CONFLICT DO NOTHING;
    UPDATE public.messages SET matrix_room_id = ch.matrix_room_id WHERE channel_id = ch.id AND matrix_room_id IS NULL;
    -- The new room's state starts afresh.
    DELETE FROM messaging.room_state WHERE channel_id = ch.id;
    DELETE FROM messaging.room_levels WHERE channel_id = ch.id;
    UPDATE public.channel_members SET matrix_event_id = NULL WHERE channel_id = ch.id AND matrix_event_id IS NOT NULL;
    closes := p_is_closed AND ch.visibility = 'public' AND ch.archived_at IS NULL;
    document := json_build_object('banned', messaging.banned_matrix_ids(ch.id), 'has_closed', closes);
    UPDATE public.channel_members SET banned_in_room = false WHERE channel_id = ch.id AND banned_in_room;
    PERFORM messaging.change_channel(ch, upgrade.actor_id, jsonb_build_object('matrix_room_id', p_replacement_room_id)
        || CASE WHEN closes THEN '{"visibility": "private"}'::jsonb ELSE '{}' END);
END
$$;
