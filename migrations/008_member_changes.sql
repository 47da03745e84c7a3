-- Members: join, leave, kick, roles and capabilities.

-- Before somebody joins by themselves: may they? Agents never do.
CREATE FUNCTION messaging.prepare_join(p_caller text, p_microdaos text[], p_channel uuid) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    ch channels;
    m channel_members;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel;
    IF messaging.access(ch, p_caller, p_microdaos) = 'none' THEN
        RETURN messaging.refused('channel_not_found');
    END IF;
    SELECT * INTO m FROM channel_members WHERE channel_id = p_channel AND member_id = p_caller AND left_at IS NULL;
    IF m.joined_at IS NOT NULL THEN
        RETURN jsonb_build_object('room_id', ch.matrix_room_id, 'member', messaging.member_json(m));
    END IF;
    -- Unless somebody has invited it.
    IF p_caller LIKE 'agent:%' AND m.id IS NULL THEN
        RETURN messaging.refused('not_a_member');
    END IF;
    IF ch.archived_at IS NOT NULL THEN
        RETURN messaging.refused('channel_archived');
    END IF;
    RETURN jsonb_build_object('room_id', ch.matrix_room_id);
END
$$;

-- After somebody has joined in Matrix. Whoever has lost the right in between is refused, and has to be taken out again.
CREATE FUNCTION messaging.record_join(
    p_caller text, p_microdaos text[], p_channel uuid, p_member_type text, p_matrix_user_id text, p_asked_at text
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel FOR NO KEY UPDATE;
    IF messaging.access(ch, p_caller, p_microdaos) = 'none' THEN
        RETURN messaging.refused('channel_not_found');
    END IF;
    PERFORM messaging.join_member(ch, p_caller, p_member_type, p_matrix_user_id, p_asked_at::timestamptz);
    RETURN (SELECT messaging.member_json(m) FROM channel_members m WHERE m.channel_id = p_channel AND m.member_id = p_caller);
END
$$;

-- After one of the two has come back to a direct channel: it stays theirs.
CREATE FUNCTION messaging.record_return(
    p_channel uuid, p_member text, p_member_type text, p_matrix_user_id text, p_asked_at text
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel AND is_direct FOR NO KEY UPDATE;
    IF NOT FOUND OR NOT EXISTS (SELECT FROM channel_members WHERE channel_id = p_channel AND member_id = p_member) THEN
        RETURN messaging.refused('channel_not_found');
    END IF;
    PERFORM messaging.join_member(ch, p_member, p_member_type, p_matrix_user_id, p_asked_at::timestamptz);
    UPDATE channel_members SET role = 'owner', can_invite = true, can_kick = true, can_create_tasks = true, matrix_power_level = 100
    WHERE channel_id = p_channel AND member_id = p_member AND member_type = 'human';
    RETURN messaging.channel_json(ch);
END
$$;

-- Whether nobody else owns the channel.
CREATE FUNCTION messaging.is_last_owner(m channel_members) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT m.role = 'owner' AND NOT EXISTS (
        SELECT FROM channel_members o WHERE o.channel_id = m.channel_id AND o.id <> m.id AND o.role = 'owner'
            AND o.left_at IS NULL AND o.joined_at IS NOT NULL
            -- Who is on the way out at this moment does not count.
            AND NOT EXISTS (SELECT FROM messaging.intents i WHERE i.channel_id = o.channel_id AND i.act = 'remove'
                            AND i.target_id = o.member_id AND i.created_at > now() - interval '1 minute'))
$$;

-- Before somebody leaves or is removed: may they, or may the caller?
CREATE FUNCTION messaging.prepare_removal(
    p_caller text, p_microdaos text[], p_channel uuid, p_member text
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
    actor channel_members;
    target channel_members;
BEGIN
    -- Locked, so that two owners do not leave past each other.
    SELECT * INTO ch FROM channels WHERE id = p_channel FOR NO KEY UPDATE;
    IF messaging.access(ch, p_caller, p_microdaos) = 'none' THEN
        RETURN messaging.refused('channel_not_found');
    END IF;
    SELECT * INTO target FROM channel_members WHERE channel_id = p_channel AND member_id = p_member AND left_at IS NULL;
    IF NOT FOUND THEN
        RETURN messaging.refused('member_not_found');
    END IF;
    IF p_caller = p_member THEN
        IF messaging.is_last_owner(target) THEN
            RETURN messaging.refused('last_owner');
        END IF;
    ELSE
        SELECT * INTO actor FROM channel_members
        WHERE channel_id = p_channel AND member_id = p_caller AND left_at IS NULL AND joined_at IS NOT NULL;
        IF NOT coalesce(actor.can_kick, false) OR messaging.rank(target.role) >= messaging.rank(actor.role)
            AND messaging.rank(target.role) > 1 THEN
            RETURN messaging.refused('cannot_kick');
        END IF;
    END IF;
    PERFORM messaging.set_intent(p_channel, 'remove', p_member, p_caller, '{}');
    RETURN jsonb_build_object('room_id', ch.matrix_room_id, 'matrix_user_id', target.matrix_user_id,
        'power_level', target.matrix_power_level);
END
$$;

-- After somebody has left or was removed in Matrix.
CREATE FUNCTION messaging.record_removal(p_channel uuid, p_caller text, p_member text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
    intent messaging.intents;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel FOR NO KEY UPDATE;
    intent := messaging.take_intent(p_channel, 'remove', p_member, p_caller, false);
    PERFORM messaging.remove_member(ch, p_member, p_caller);
    UPDATE channel_members SET matrix_power_level = least(matrix_power_level, 0), matrix_changed_at = greatest(matrix_changed_at, intent.created_at)
    WHERE channel_id = p_channel AND member_id = p_member;
    RETURN jsonb_build_object('removed', true);
END
$$;

-- Before a member's role or capabilities change. p_details holds the columns that the caller names.
CREATE FUNCTION messaging.prepare_member_change(
    p_caller text, p_microdaos text[], p_channel uuid, p_member text, p_details jsonb
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
    actor channel_members;
    target channel_members;
    new_role text;
    details jsonb;
    level integer;
    refusal text;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel;
    refusal := messaging.manager_refusal(ch, p_caller, p_microdaos);
    IF refusal IS NOT NULL THEN
        RETURN messaging.refused(refusal);
    END IF;
    SELECT * INTO actor FROM channel_members WHERE channel_id = p_channel AND member_id = p_caller AND left_at IS NULL;
    SELECT * INTO target FROM channel_members WHERE channel_id = p_channel AND member_id = p_member AND left_at IS NULL;
    IF NOT FOUND THEN
        RETURN messaging.refused('member_not_found');
    END IF;
    new_role := coalesce(p_details ->> 'role', target.role);
    IF (new_role = 'agent') <> (target.member_type = 'agent') AND (new_role = 'agent' OR messaging.rank(new_role) > 1) THEN
        RETURN messaging.refused('role_does_not_fit');
    END IF;
    -- A new role brings its capabilities with it, unless the caller says otherwise.
    details := jsonb_build_object('role', new_role)
        || CASE WHEN new_role = target.role THEN '{}' ELSE messaging.capabilities(new_role) END || p_details;
    IF p_member <> p_caller AND messaging.rank(target.role) >= messaging.rank(actor.role)
        OR messaging.rank(new_role) > messaging.rank(actor.role)
        OR (details ->> 'can_invite')::boolean AND NOT actor.can_invite
        OR (details ->> 'can_kick')::boolean AND NOT actor.can_kick
        OR (details ->> 'can_create_tasks')::boolean AND NOT actor.can_create_tasks THEN
        RETURN messaging.refused('cannot_grant');
    END IF;
    IF new_role <> 'owner' AND messaging.is_last_owner(target) THEN
        RETURN messaging.refused('last_owner');
    END IF;
    PERFORM messaging.set_intent(p_channel, 'role', p_member, p_caller, details);
    level := messaging.level_of(new_role, coalesce((details ->> 'can_write')::boolean, target.can_write));
    RETURN jsonb_build_object('room_id', ch.matrix_room_id, 'matrix_user_id', target.matrix_user_id, 'details', details,
        'power_level', CASE WHEN level <> target.matrix_power_level THEN level END);
END
$$;

-- Applies a change of role and capabilities. The caller of this function holds the channel's row.
CREATE FUNCTION messaging.change_member(ch channels, before channel_members, p_actor text, p_details jsonb, p_at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    after channel_members;
BEGIN
    IF p_details ->> 'role' <> 'owner' AND messaging.is_last_owner(before) THEN
        RETURN;
    END IF;
    UPDATE channel_members SET
        role = coalesce(p_details ->> 'role', role),
        can_read = coalesce((p_details ->> 'can_read')::boolean, can_read),
        can_write = coalesce((p_details ->> 'can_write')::boolean, can_write),
        can_invite = coalesce((p_details ->> 'can_invite')::boolean, can_invite),
        can_kick = coalesce((p_details ->> 'can_kick')::boolean, can_kick),
        can_create_tasks = coalesce((p_details ->> 'can_create_tasks')::boolean, can_create_tasks),
        matrix_power_level = messaging.level_of(coalesce(p_details ->> 'role', role),
                                                coalesce((p_details ->> 'can_write')::boolean, can_write)),
        role_asked_at = greatest(role_asked_at, p_at)
    WHERE id = before.id RETURNING * INTO after;
    IF messaging.member_json(after) - 'matrix_power_level' <> messaging.member_json(before) - 'matrix_power_level' THEN
        PERFORM messaging.emit_member(ch, 'member.role_changed', p_actor, after);
    END IF;
END
$$;

-- After the power level has followed in Matrix.
CREATE FUNCTION messaging.record_member_change(p_channel uuid, p_caller text, p_member text, p_details jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
    m channel_members;
    intent messaging.intents;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel FOR NO KEY UPDATE;
    SELECT * INTO m FROM channel_members WHERE channel_id = p_channel AND member_id = p_member AND left_at IS NULL;
    IF NOT FOUND THEN
        RETURN messaging.refused('member_not_found');
    END IF;
    intent := messaging.take_intent(p_channel, 'role', p_member, p_caller, false);
    PERFORM messaging.change_member(ch, m, p_caller, p_details, coalesce(intent.created_at, now()));
    RETURN (SELECT messaging.member_json(c) FROM channel_members c WHERE c.id = m.id);
END
$$;

-- The room's power levels as the homeserver tells them: p_levels by Matrix user id, p_default for everybody else.
CREATE FUNCTION messaging.record_power_levels(
    p_room_id text, p_levels jsonb, p_default integer, p_sender text, p_by_bot boolean, p_changed_at text
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
    m channel_members;
    level integer;
    news jsonb;
    intent messaging.intents;
    changed timestamptz := least(p_changed_at::timestamptz, now());
BEGIN
    SELECT * INTO ch FROM channels WHERE matrix_room_id = p_room_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN messaging.refused('channel_not_found');
    END IF;
    IF NOT messaging.is_news(ch.id, 'm.room.power_levels', changed) THEN
        RETURN jsonb_build_object('changed', false);
    END IF;
    FOR m IN SELECT * FROM channel_members c WHERE c.channel_id = ch.id AND c.left_at IS NULL AND c.joined_at IS NOT NULL
             AND c.matrix_power_level <> coalesce((p_levels ->> c.matrix_user_id)::integer, p_default)
             AND (c.role_asked_at IS NULL OR c.role_asked_at <= changed)
             -- Who is being removed loses the level on the way out; that is no change of role.
             AND NOT EXISTS (SELECT FROM messaging.intents i WHERE i.channel_id = ch.id AND i.act = 'remove'
                             AND i.target_id = c.member_id AND i.created_at > now() - interval '1 minute')
             ORDER BY c.id LOOP
        level := coalesce((p_levels ->> m.matrix_user_id)::integer, p_default);
        news := jsonb_build_object('role', CASE
            WHEN m.member_type = 'agent' THEN 'agent' WHEN level >= 100 THEN 'owner' WHEN level >= 50 THEN 'admin'
            WHEN messaging.rank(m.role) > 1 THEN 'member' ELSE m.role END);
        -- Below zero is how a member is kept from writing.
        IF (level < 0) <> (m.matrix_power_level < 0) THEN
            news := news || jsonb_build_object('can_write', level >= 0);
        END IF;
        SELECT * INTO intent FROM messaging.intents i WHERE i.channel_id = ch.id AND i.act = 'role' AND i.target_id = m.member_id
            AND i.created_at > now() - interval '10 minutes' AND (i.actor_id = p_sender OR p_by_bot)
            AND messaging.level_of(i.details ->> 'role', coalesce((i.details ->> 'can_write')::boolean, m.can_write)) = level;
        IF FOUND THEN
            PERFORM messaging.change_member(ch, m, intent.actor_id, intent.details, intent.created_at);
        ELSIF news ->> 'role' <> m.role THEN
            PERFORM messaging.change_member(ch, m, p_sender, messaging.capabilities(news ->> 'role') || news, NULL);
        ELSE
            PERFORM messaging.change_member(ch, m, p_sender, news, NULL);
        END IF;
        UPDATE channel_members SET matrix_power_level = level WHERE id = m.id;
    END LOOP;
    RETURN jsonb_build_object('changed', true);
END
$$;
