-- Joining: prepare_join before it is in Matrix, record_join and record_return after.

-- Makes somebody an active member, if they are not one yet. The caller of this function holds the channel's row.
-- A member who comes back starts with the default role, but what was forbidden to them stays forbidden, and the power
-- level stays what the room says: it alone makes nobody an admin again.
CREATE FUNCTION messaging.join_member(
    ch public.channels, p_member_id text, p_member_type text, p_matrix_user_id text, p_at timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    after public.channel_members;
BEGIN
    INSERT INTO public.channel_members AS m (channel_id, member_id, member_type, matrix_user_id, role, matrix_changed_at)
    VALUES (ch.id, p_member_id, p_member_type, p_matrix_user_id, messaging.default_role(p_member_type), p_at)
    ON CONFLICT (channel_id, member_id) DO UPDATE SET
        joined_at = now(), left_at = NULL,
        role = CASE WHEN m.left_at IS NULL THEN m.role ELSE excluded.role END,
        can_invite = m.can_invite AND m.left_at IS NULL,
        can_kick = m.can_kick AND m.left_at IS NULL,
        can_create_tasks = m.can_create_tasks AND m.left_at IS NULL,
        invited_by = CASE WHEN m.left_at IS NULL THEN m.invited_by END,
        invited_at = CASE WHEN m.left_at IS NULL THEN m.invited_at END,
        matrix_changed_at = greatest(m.matrix_changed_at, p_at)
        WHERE m.left_at IS NOT NULL OR m.joined_at IS NULL
    RETURNING * INTO after;
    IF FOUND THEN
        PERFORM messaging.emit_member(ch, 'member.joined', p_member_id, after);
    END IF;
END
$$;

-- Whether the caller may join by themselves. Agents never do, unless somebody has invited them.
CREATE FUNCTION messaging.prepare_join(
    p_caller text, p_microdaos text[], p_channel_id uuid, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE AS $$
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
    SELECT * INTO m FROM public.channel_members
    WHERE channel_id = p_channel_id AND member_id = p_caller AND left_at IS NULL;
    IF m.joined_at IS NOT NULL THEN
        document := json_build_object('room_id', ch.matrix_room_id, 'member', messaging.member_json(m));
    ELSIF p_caller LIKE 'agent:%' AND m.id IS NULL THEN
        refusal := 'not_a_member';
    ELSIF ch.archived_at IS NOT NULL THEN
        refusal := 'channel_archived';
    ELSE
        document := json_build_object('room_id', ch.matrix_room_id);
    END IF;
END
$$;

-- A caller who lost the right while they joined in Matrix is refused, and has to be taken out again.
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
        RETURN;
    END IF;
    PERFORM messaging.join_member(ch, p_caller, p_member_type, p_matrix_user_id, p_asked_at::timestamptz);
    SELECT messaging.member_json(m) INTO document FROM public.channel_members m
    WHERE m.channel_id = p_channel_id AND m.member_id = p_caller;
END
$$;

-- One of the two has come back to a direct channel in Matrix: it stays theirs.
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
    PERFORM messaging.join_member(ch, p_member_id, p_member_type, p_matrix_user_id, p_asked_at::timestamptz);
    UPDATE public.channel_members SET
        role = 'owner', can_invite = true, can_kick = true, can_create_tasks = true,
        matrix_power_level = messaging.power_level('owner')
    WHERE channel_id = p_channel_id AND member_id = p_member_id AND member_type = 'human';
    document := messaging.channel_json(ch);
END
$$;
