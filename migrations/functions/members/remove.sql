-- Leaving, removing and banning: prepare_removal before it is in Matrix, record_removal after.

-- Ends a membership, if there is one. The caller of this function holds the channel's row.
CREATE FUNCTION messaging.remove_member(ch public.channels, p_member_id text, p_actor_id text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    m public.channel_members;
BEGIN
    -- By the clock, because what came first while somebody waited for the channel's row is decided by this time.
    UPDATE public.channel_members SET left_at = clock_timestamp(), left_by = p_actor_id
    WHERE channel_id = ch.id AND member_id = p_member_id AND left_at IS NULL RETURNING * INTO m;
    IF FOUND THEN
        PERFORM messaging.emit_member(
            ch, CASE WHEN p_actor_id = p_member_id THEN 'member.left' ELSE 'member.kicked' END, p_actor_id, m,
            p_joined => CASE WHEN m.joined_at IS NULL THEN 0 ELSE -1 END);
    END IF;
END
$$;

-- Whether the caller may leave (p_member_id is themselves), or remove the member. p_ban: for good; also somebody who is no
-- member at the moment, and then matrix_user_id is null when the index does not know it.
--
-- is_gone: the caller has done this before, and there is nothing to do. must_wait: somebody is giving them another level in
-- the room at this moment; nobody begins to any more.
CREATE FUNCTION messaging.prepare_removal(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_member_id text, p_ban boolean DEFAULT false,
    p_limits jsonb DEFAULT NULL, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    actor public.channel_members;
    target public.channel_members;
    is_member boolean;
    is_gone boolean;
BEGIN
    PERFORM messaging.settle_intents(p_channel_id);
    -- Locked, so that two owners do not leave past each other.
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id FOR NO KEY UPDATE;
    SELECT * INTO target FROM public.channel_members WHERE channel_id = p_channel_id AND member_id = p_member_id;
    is_member := target.id IS NOT NULL AND target.left_at IS NULL;
    is_gone := coalesce(NOT p_ban AND target.left_at IS NOT NULL AND target.left_by = p_caller, false);
    -- Whoever has left knows of the channel.
    IF NOT (is_gone AND p_caller = p_member_id) AND messaging.access(ch, p_caller, p_microdaos) = 'none' THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    IF is_gone THEN
        document := json_build_object('room_id', ch.matrix_room_id, 'matrix_user_id', target.matrix_user_id,
            'power_level', 0, 'is_gone', true);
        RETURN;
    END IF;
    -- A direct channel has nobody else who could come.
    IF NOT is_member AND (NOT p_ban OR ch.is_direct) THEN
        refusal := 'member_not_found';
        RETURN;
    END IF;
    IF p_caller = p_member_id AND NOT p_ban THEN
        IF messaging.is_last_owner(target) THEN
            refusal := 'last_owner';
            RETURN;
        END IF;
    ELSE
        actor := messaging.membership(ch, p_caller, p_microdaos);
        IF actor.joined_at IS NULL OR NOT actor.can_kick OR p_caller = p_member_id
            OR is_member AND messaging.rank(target.role) >= messaging.rank(actor.role) AND messaging.rank(target.role) > 1 THEN
            refusal := 'cannot_kick';
            RETURN;
        END IF;
    END IF;
    IF p_ban AND target.id IS NULL AND messaging.notes_too_many(p_caller, p_microdaos) THEN
        refusal := 'too_many_absent';
        document := messaging.absent_limit(p_caller);
        RETURN;
    END IF;
    -- Who waits for another act asks again, and is counted once.
    IF NOT EXISTS (SELECT FROM messaging.intents i WHERE i.channel_id = p_channel_id AND i.act = 'remove'
                       AND i.target_id = p_member_id AND i.actor_id = p_caller AND messaging.is_under_way(i.created_at)) THEN
        SELECT l.refusal, l.details INTO refusal, document
        FROM messaging.limit_refusal(p_caller, p_channel_id, p_limits) l;
        IF refusal IS NOT NULL THEN
            RETURN;
        END IF;
    END IF;
    PERFORM messaging.set_intent(p_channel_id, 'remove', p_member_id, p_caller,
        CASE WHEN p_ban THEN '{"ban": true}'::jsonb ELSE '{}' END);
    IF p_ban THEN
        document := json_build_object('room_id', ch.matrix_room_id, 'matrix_user_id', target.matrix_user_id,
            'power_level', coalesce(target.matrix_power_level, 0), 'is_member', is_member);
    ELSE
        document := json_build_object('room_id', ch.matrix_room_id, 'matrix_user_id', target.matrix_user_id,
            'power_level', target.matrix_power_level);
    END IF;
    IF messaging.is_changing_level(p_channel_id, p_member_id, 0) THEN
        document := document::jsonb || '{"must_wait": true}';
    END IF;
END
$$;

-- p_member_type and p_matrix_user_id: with p_ban.
CREATE FUNCTION messaging.record_removal(
    p_channel_id uuid, p_caller text, p_member_id text, p_ban boolean DEFAULT false, p_member_type text DEFAULT NULL,
    p_matrix_user_id text DEFAULT NULL, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    intent messaging.intents;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id FOR NO KEY UPDATE;
    intent := messaging.take_intent(p_channel_id, 'remove', p_member_id, p_caller, false);
    IF p_ban THEN
        PERFORM messaging.ban_member(ch, p_member_id, p_member_type, p_matrix_user_id, p_caller, false);
    ELSE
        PERFORM messaging.remove_member(ch, p_member_id, p_caller);
    END IF;
    UPDATE public.channel_members SET
        matrix_power_level = least(matrix_power_level, 0),
        matrix_changed_at = greatest(matrix_changed_at, intent.created_at),
        -- A level of before that is told late is not theirs when they come back.
        role_asked_at = greatest(role_asked_at, intent.created_at)
    WHERE channel_id = p_channel_id AND member_id = p_member_id;
END
$$;
