-- Joining: prepare_join before it is in Matrix, record_join and record_return after.

-- Whether somebody who knows of the channel may come in by themselves. Every way in asks this: a post, a reaction, PUT
-- me, a direct channel that is found again, and a join that the homeserver tells of. m is their row, if there is one;
-- p_has_claim, whether their token names the channel's microDAO. via_microdao: that alone lets them in.
CREATE FUNCTION messaging.join_rule(
    ch public.channels, m public.channel_members, p_member_id text, p_has_claim boolean,
    OUT refusal messaging.refusal, OUT via_microdao boolean
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    via_microdao := false;
    IF m.banned_at IS NOT NULL THEN
        refusal := 'banned';
    ELSIF m.id IS NOT NULL AND m.left_at IS NULL THEN
        -- In already, or invited.
        via_microdao := m.via_microdao;
        IF m.via_microdao AND NOT p_has_claim AND ch.visibility <> 'public' THEN
            refusal := 'channel_not_found';
        ELSIF m.joined_at IS NULL AND ch.archived_at IS NOT NULL THEN
            refusal := 'channel_archived';
        END IF;
    ELSIF p_member_id LIKE 'agent:%' THEN
        refusal := 'not_a_member';
    ELSIF ch.archived_at IS NOT NULL THEN
        refusal := 'channel_archived';
    ELSIF ch.is_direct THEN
        -- It stays theirs when they leave, and not when the other one has removed them.
        IF m.left_by IS DISTINCT FROM p_member_id THEN
            refusal := 'not_a_member';
        END IF;
    ELSIF ch.visibility = 'microdao' AND p_has_claim THEN
        via_microdao := true;
    ELSIF ch.visibility <> 'public' THEN
        refusal := 'channel_not_found';
    END IF;
END
$$;

-- Notes that somebody is about to join through the API. The bot lets them into a closed room, so the homeserver's push
-- of the join says nothing of their right to be there; this does. It stays when the join is refused in the end.
CREATE FUNCTION messaging.intend_join(ch public.channels, p_caller text, p_microdaos text[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM messaging.set_intent(ch.id, 'join', p_caller, p_caller,
        jsonb_build_object('has_claim', messaging.has_claim(p_microdaos, ch.microdao_id)));
END
$$;

-- Makes somebody an active member, if they are not one yet. The caller of this function holds the channel's row.
-- Somebody new has the role of the level that the room has for them. A member who comes back likewise, and the level that
-- they had before is gone; what was forbidden to them stays forbidden.
CREATE FUNCTION messaging.join_member(
    ch public.channels, p_member_id text, p_member_type text, p_matrix_user_id text, p_at timestamptz,
    p_via_microdao boolean DEFAULT false
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    after public.channel_members;
    level integer;
    role text;
    is_manager boolean;
BEGIN
    SELECT m.matrix_power_level INTO level FROM public.channel_members m
    WHERE m.channel_id = ch.id AND m.member_id = p_member_id;
    level := coalesce(level, messaging.room_level(ch.id, p_matrix_user_id), 0);
    role := messaging.role_of_level(level, p_member_type, messaging.default_role(p_member_type));
    is_manager := messaging.rank(role) > 1;
    INSERT INTO public.channel_members AS m (channel_id, member_id, member_type, matrix_user_id, role, can_write, can_invite,
                                             can_kick, can_create_tasks, matrix_power_level, matrix_changed_at, via_microdao)
    VALUES (ch.id, p_member_id, p_member_type, p_matrix_user_id, role, level >= 0, is_manager, is_manager, is_manager,
            level, p_at, p_via_microdao)
    ON CONFLICT (channel_id, member_id) DO UPDATE SET
        joined_at = now(), left_at = NULL, left_by = NULL,
        role = CASE WHEN m.left_at IS NULL THEN m.role ELSE excluded.role END,
        can_read = m.can_read OR m.left_at IS NOT NULL AND excluded.role = 'owner',
        can_write = m.can_write OR m.left_at IS NOT NULL AND excluded.role = 'owner',
        can_invite = CASE WHEN m.left_at IS NULL THEN m.can_invite ELSE excluded.can_invite END,
        can_kick = CASE WHEN m.left_at IS NULL THEN m.can_kick ELSE excluded.can_kick END,
        can_create_tasks = CASE WHEN m.left_at IS NULL THEN m.can_create_tasks ELSE excluded.can_create_tasks END,
        invited_by = CASE WHEN m.left_at IS NULL THEN m.invited_by END,
        invited_at = CASE WHEN m.left_at IS NULL THEN m.invited_at END,
        via_microdao = CASE WHEN m.left_at IS NULL THEN m.via_microdao ELSE excluded.via_microdao END,
        matrix_changed_at = greatest(m.matrix_changed_at, p_at)
        WHERE m.left_at IS NOT NULL OR m.joined_at IS NULL
    RETURNING * INTO after;
    IF FOUND THEN
        PERFORM messaging.begin_reading(ch.id, p_member_id);
        PERFORM messaging.emit_member(ch, 'member.joined', p_member_id, after, p_joined => 1);
    END IF;
END
$$;

-- Somebody has joined the room: decides again, as the channel may have changed since they asked. Returns the refusal of
-- one who may not be in; they have to be taken out of the room. p_is_pushed: the homeserver tells it, and knows the order;
-- the API does not, so whoever was removed since they asked is not in. The caller of this function holds the channel's row.
CREATE FUNCTION messaging.admit(
    ch public.channels, p_member_id text, p_member_type text, p_matrix_user_id text, p_has_claim boolean, p_at timestamptz,
    p_is_pushed boolean DEFAULT false
) RETURNS messaging.refusal LANGUAGE plpgsql AS $$
DECLARE
    m public.channel_members;
    rule record;
BEGIN
    SELECT * INTO m FROM public.channel_members WHERE channel_id = ch.id AND member_id = p_member_id;
    rule := messaging.join_rule(ch, m, p_member_id, p_has_claim);
    IF rule.refusal IS NULL AND NOT p_is_pushed AND EXISTS (
        SELECT FROM messaging.intents WHERE channel_id = ch.id AND act = 'join' AND target_id = p_member_id
            AND created_at < m.left_at) THEN
        RETURN 'not_a_member';
    END IF;
    IF rule.refusal IS NULL THEN
        DELETE FROM messaging.intents WHERE channel_id = ch.id AND act = 'join' AND target_id = p_member_id;
        PERFORM messaging.join_member(ch, p_member_id, p_member_type, p_matrix_user_id, p_at, rule.via_microdao);
    END IF;
    RETURN rule.refusal;
END
$$;

-- Whether the caller may join by themselves. Agents never do, unless somebody has invited them.
CREATE FUNCTION messaging.prepare_join(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_limits jsonb DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    lookup record;
    ch public.channels;
    m public.channel_members;
BEGIN
    lookup := messaging.find_channel(p_caller, p_microdaos, p_channel_id, 'know');
    refusal := lookup.refusal;
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    ch := lookup.channel;
    SELECT * INTO m FROM public.channel_members WHERE channel_id = p_channel_id AND member_id = p_caller;
    IF m.left_at IS NULL AND m.joined_at IS NOT NULL THEN
        document := json_build_object('room_id', ch.matrix_room_id, 'member', messaging.member_json(m));
        RETURN;
    END IF;
    SELECT rule.refusal INTO refusal
    FROM messaging.join_rule(ch, m, p_caller, messaging.has_claim(p_microdaos, ch.microdao_id)) rule;
    IF refusal IS NULL THEN
        SELECT l.refusal, l.details INTO refusal, document
        FROM messaging.limit_refusal(p_caller, p_channel_id, p_limits) l;
        IF refusal IS NOT NULL THEN
            RETURN;
        END IF;
        PERFORM messaging.intend_join(ch, p_caller, p_microdaos);
        document := json_build_object('room_id', ch.matrix_room_id);
    END IF;
END
$$;

-- After the caller has joined in Matrix, whatever for. One who has lost the right meanwhile is refused, and has to be
-- taken out again.
CREATE FUNCTION messaging.record_join(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_member_type text, p_matrix_user_id text, p_asked_at text,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id FOR NO KEY UPDATE;
    IF messaging.access(ch, p_caller, p_microdaos) = 'none' THEN
        refusal := 'channel_not_found';
    ELSE
        refusal := messaging.admit(ch, p_caller, p_member_type, p_matrix_user_id,
                                   messaging.has_claim(p_microdaos, ch.microdao_id), p_asked_at::timestamptz);
    END IF;
    IF refusal IS NULL THEN
        SELECT messaging.member_json(m) INTO document FROM public.channel_members m
        WHERE m.channel_id = p_channel_id AND m.member_id = p_caller;
    END IF;
END
$$;

-- One of the two has come back to a direct channel in Matrix: it stays theirs, unless they were removed meanwhile.
CREATE FUNCTION messaging.record_return(
    p_channel_id uuid, p_member_id text, p_member_type text, p_matrix_user_id text, p_asked_at text,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id AND is_direct FOR NO KEY UPDATE;
    IF NOT FOUND
        OR NOT EXISTS (SELECT FROM public.channel_members WHERE channel_id = p_channel_id AND member_id = p_member_id) THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    refusal := messaging.admit(ch, p_member_id, p_member_type, p_matrix_user_id, false, p_asked_at::timestamptz);
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    -- What was forbidden to them stays so, and no owner is without it.
    UPDATE public.channel_members SET
        role = 'owner', can_invite = true, can_kick = true, can_create_tasks = true,
        matrix_power_level = messaging.power_level('owner')
    WHERE channel_id = p_channel_id AND member_id = p_member_id AND member_type = 'human' AND can_read AND can_write;
    document := messaging.channel_json(ch);
END
$$;
