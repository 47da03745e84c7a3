-- A membership as the homeserver tells it. p_sender_id is the user who brought it about; p_by_bot says that this is our
-- bot, which acts for somebody else, and also invites by itself whoever may join a closed room.
--
-- drop_power_level: the member is gone, and their level still waits in the room for them to come back. It must not.
CREATE FUNCTION messaging.record_membership(
    p_room_id text, p_member_id text, p_member_type text, p_matrix_user_id text, p_membership text, p_sender_id text,
    p_by_bot boolean, p_changed_at text, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    before public.channel_members;
    intent messaging.intents;
    drop_power_level boolean := false;
    -- Another server may say any time it likes; nothing has happened in the future.
    changed timestamptz := least(p_changed_at::timestamptz, now());
BEGIN
    SELECT * INTO ch FROM public.channels WHERE matrix_room_id = p_room_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    SELECT * INTO before FROM public.channel_members WHERE channel_id = ch.id AND member_id = p_member_id;
    document := '{"drop_power_level": false}';
    IF before.matrix_changed_at > changed THEN
        RETURN;
    END IF;
    IF p_membership = 'join' THEN
        PERFORM messaging.join_member(ch, p_member_id, p_member_type, p_matrix_user_id, changed);
    ELSIF p_membership = 'invite' AND (before.id IS NULL OR before.left_at IS NOT NULL) THEN
        intent := messaging.take_intent(ch.id, 'invite', p_member_id, p_sender_id, p_by_bot);
        IF p_by_bot AND intent.actor_id IS NULL THEN
            RETURN;
        END IF;
        PERFORM messaging.invite_member(ch, p_member_id, p_member_type, p_matrix_user_id,
            coalesce(intent.actor_id, p_sender_id),
            coalesce(intent.details, jsonb_build_object('role', messaging.default_role(p_member_type))), changed);
    ELSIF p_membership IN ('leave', 'ban') THEN
        intent := messaging.take_intent(ch.id, 'remove', p_member_id, p_sender_id, p_by_bot);
        PERFORM messaging.remove_member(ch, p_member_id, coalesce(intent.actor_id, p_sender_id));
        drop_power_level := coalesce(before.left_at IS NULL AND before.matrix_power_level > 0, false);
        UPDATE public.channel_members SET matrix_power_level = least(matrix_power_level, 0) WHERE id = before.id;
        -- Remembered, so that an older invitation that comes late lets nobody in.
        INSERT INTO public.channel_members (channel_id, member_id, member_type, matrix_user_id, role, joined_at, left_at)
        VALUES (ch.id, p_member_id, p_member_type, p_matrix_user_id, messaging.default_role(p_member_type), NULL, now())
        ON CONFLICT (channel_id, member_id) DO NOTHING;
    END IF;
    UPDATE public.channel_members SET matrix_changed_at = changed WHERE channel_id = ch.id AND member_id = p_member_id;
    document := json_build_object('drop_power_level', drop_power_level);
END
$$;
