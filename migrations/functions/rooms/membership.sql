-- Somebody is in the room. Returns false for one of ours who may not be in the channel. Whoever comes through the API has
-- noted it and is judged as there. Anybody else was let in by the room: invited, or because it is open. An agent in an open
-- room has only let itself in. One of our users whose invitation to a closed room is not known here counts as come through
-- the microDAO until it is. The caller of this function holds the channel's row.
CREATE FUNCTION messaging.admit_pushed(
    ch public.channels, before public.channel_members, p_member_id text, p_member_type text, p_matrix_user_id text,
    p_at timestamptz
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    intent messaging.intents;
    is_invited boolean := before.id IS NOT NULL AND before.left_at IS NULL;
BEGIN
    IF before.banned_at IS NOT NULL THEN
        RETURN false;
    END IF;
    IF NOT is_invited THEN
        SELECT * INTO intent FROM messaging.intents WHERE channel_id = ch.id AND act = 'join' AND target_id = p_member_id;
        IF FOUND THEN
            RETURN messaging.admit(ch, p_member_id, p_member_type, p_matrix_user_id,
                                   (intent.details ->> 'has_claim')::boolean, p_at) IS NULL;
        ELSIF p_member_type = 'agent' THEN
            -- Its invitation is under way, and this came first: recording the invitation lets it in.
            RETURN EXISTS (SELECT FROM messaging.intents WHERE channel_id = ch.id AND act = 'invite'
                           AND target_id = p_member_id AND created_at > now() - interval '10 minutes');
        END IF;
    END IF;
    PERFORM messaging.join_member(ch, p_member_id, p_member_type, p_matrix_user_id, p_at,
        p_member_id LIKE 'user:%' AND ch.visibility <> 'public' AND NOT ch.is_direct);
    RETURN true;
END
$$;

-- A membership as the homeserver tells it. p_sender_id is the user who brought it about; p_by_bot says that this is our
-- bot, which acts for somebody else, and also invites by itself whoever may join a closed room.
--
-- drop_power_level: the member is gone, and their level still waits in the room for them to come back. It must not.
-- must_remove: one of ours is in the room and may not be in the channel; they have to be taken out.
-- must_ban: somebody whom the channel has banned has got into the room; it has to ban them as well.
CREATE FUNCTION messaging.record_membership(
    p_room_id text, p_member_id text, p_member_type text, p_matrix_user_id text, p_membership text, p_sender_id text,
    p_by_bot boolean, p_changed_at text, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    before public.channel_members;
    intent messaging.intents;
    drop_power_level boolean := false;
    must_remove boolean := false;
    must_ban boolean := false;
    -- Another server may say any time it likes; nothing has happened in the future.
    changed timestamptz := least(p_changed_at::timestamptz, now());
BEGIN
    SELECT * INTO ch FROM public.channels WHERE matrix_room_id = p_room_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    SELECT * INTO before FROM public.channel_members WHERE channel_id = ch.id AND member_id = p_member_id;
    document := '{"drop_power_level": false, "must_remove": false}';
    IF before.matrix_changed_at > changed THEN
        RETURN;
    END IF;
    IF p_membership = 'join' THEN
        must_remove := NOT messaging.admit_pushed(ch, before, p_member_id, p_member_type, p_matrix_user_id, changed);
        must_ban := before.banned_at IS NOT NULL;
    ELSIF p_membership = 'invite' AND (before.id IS NULL OR before.left_at IS NOT NULL) THEN
        -- The bot has let in somebody who joins by themselves, and nobody has invited them since.
        IF p_by_bot AND EXISTS (SELECT FROM messaging.intents j WHERE j.channel_id = ch.id AND j.act = 'join'
                                AND j.target_id = p_member_id
                                AND NOT EXISTS (SELECT FROM messaging.intents i WHERE i.channel_id = ch.id AND i.act = 'invite'
                                                AND i.target_id = p_member_id AND i.created_at > j.created_at)) THEN
            RETURN;
        END IF;
        intent := messaging.take_intent(ch.id, 'invite', p_member_id, p_sender_id, p_by_bot);
        IF p_by_bot AND intent.actor_id IS NULL THEN
            RETURN;
        END IF;
        IF before.banned_at IS NOT NULL AND intent.actor_id IS NULL AND NOT messaging.lifts_ban(ch.id, p_sender_id) THEN
            document := '{"drop_power_level": false, "must_remove": false, "must_ban": true}';
            RETURN;
        END IF;
        PERFORM messaging.invite_member(ch, p_member_id, p_member_type, p_matrix_user_id,
            coalesce(intent.actor_id, p_sender_id),
            coalesce(intent.details, jsonb_build_object('role', messaging.default_role(p_member_type))), changed);
    ELSIF p_membership IN ('leave', 'ban') THEN
        intent := messaging.take_intent(ch.id, 'remove', p_member_id, p_sender_id, p_by_bot);
        PERFORM messaging.follow_ban(ch, before, p_member_id, p_member_type, p_matrix_user_id, p_membership,
            coalesce(intent.actor_id, p_sender_id), coalesce((intent.details ->> 'ban')::boolean, false));
        PERFORM messaging.remove_member(ch, p_member_id, coalesce(intent.actor_id, p_sender_id));
        drop_power_level := coalesce(before.left_at IS NULL AND before.matrix_power_level > 0, false);
        UPDATE public.channel_members SET matrix_power_level = least(matrix_power_level, 0) WHERE id = before.id;
        -- Remembered, so that an older invitation that comes late lets nobody in.
        INSERT INTO public.channel_members (channel_id, member_id, member_type, matrix_user_id, role, joined_at, left_at, left_by)
        VALUES (ch.id, p_member_id, p_member_type, p_matrix_user_id, messaging.default_role(p_member_type), NULL, now(),
                coalesce(intent.actor_id, p_sender_id))
        ON CONFLICT (channel_id, member_id) DO NOTHING;
    END IF;
    UPDATE public.channel_members SET matrix_changed_at = changed WHERE channel_id = ch.id AND member_id = p_member_id;
    document := json_build_object('drop_power_level', drop_power_level, 'must_remove', must_remove, 'must_ban', must_ban);
END
$$;
