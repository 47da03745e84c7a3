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
    IF p_caller LIKE 'agent:%' THEN
        RETURN messaging.refused('not_a_member');
    END IF;
    IF ch.archived_at IS NOT NULL THEN
        RETURN messaging.refused('channel_archived');
    END IF;
    RETURN jsonb_build_object('room_id', ch.matrix_room_id);
END
$$;

-- After somebody has joined in Matrix.
CREATE FUNCTION messaging.record_join(
    p_channel uuid, p_member text, p_member_type text, p_matrix_user_id text
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel FOR NO KEY UPDATE;
    PERFORM messaging.join_member(ch, p_member, p_member_type, p_matrix_user_id);
    RETURN (SELECT messaging.member_json(m) FROM channel_members m WHERE m.channel_id = p_channel AND m.member_id = p_member);
END
$$;

-- Whether nobody else owns the channel.
CREATE FUNCTION messaging.is_last_owner(m channel_members) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT m.role = 'owner' AND NOT EXISTS (
        SELECT FROM channel_members o WHERE o.channel_id = m.channel_id AND o.id <> m.id AND o.role = 'owner'
            AND o.left_at IS NULL AND o.joined_at IS NOT NULL)
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
    SELECT * INTO ch FROM channels WHERE id = p_channel;
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
    RETURN jsonb_build_object('room_id', ch.matrix_room_id, 'matrix_user_id', target.matrix_user_id);
END
$$;

-- After somebody has left or was removed in Matrix.
CREATE FUNCTION messaging.record_removal(p_channel uuid, p_caller text, p_member text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel FOR NO KEY UPDATE;
    PERFORM messaging.take_intent(p_channel, 'remove', p_member);
    PERFORM messaging.remove_member(ch, p_member, p_caller);
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
    IF p_member <> p_caller AND messaging.rank(target.role) >= messaging.rank(actor.role)
        OR messaging.rank(new_role) > messaging.rank(actor.role)
        OR (p_details ->> 'can_invite')::boolean AND NOT actor.can_invite
        OR (p_details ->> 'can_kick')::boolean AND NOT actor.can_kick
        OR (p_details ->> 'can_create_tasks')::boolean AND NOT actor.can_create_tasks THEN
        RETURN messaging.refused('cannot_grant');
    END IF;
    IF new_role <> 'owner' AND messaging.is_last_owner(target) THEN
        RETURN messaging.refused('last_owner');
    END IF;
    -- A new role brings its capabilities with it, unless the caller says otherwise.
    details := jsonb_build_object('role', new_role)
        || CASE WHEN new_role = target.role THEN '{}' ELSE messaging.capabilities(new_role) END || p_details;
    PERFORM messaging.set_intent(p_channel, 'role', p_member, p_caller, details);
    RETURN jsonb_build_object('room_id', ch.matrix_room_id, 'matrix_user_id', target.matrix_user_id,
        'power_level', CASE WHEN messaging.power_level(new_role) <> target.matrix_power_level THEN messaging.power_level(new_role) END);
END
$$;

-- What a role may do about others, when nobody says otherwise.
CREATE FUNCTION messaging.capabilities(p_role text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object('can_invite', messaging.rank(p_role) > 1, 'can_kick', messaging.rank(p_role) > 1,
                              'can_create_tasks', messaging.rank(p_role) > 1)
$$;

-- Applies a change of role and capabilities. The caller of this function holds the channel's row.
CREATE FUNCTION messaging.change_member(ch channels, before channel_members, p_actor text, p_details jsonb) RETURNS void LANGUAGE plpgsql AS $$
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
        matrix_power_level = messaging.power_level(coalesce(p_details ->> 'role', role))
    WHERE id = before.id RETURNING * INTO after;
    IF messaging.member_json(after) <> messaging.member_json(before) THEN
        PERFORM messaging.emit_member(ch, 'member.role_changed', p_actor, after);
    END IF;
END
$$;

-- After the power level has followed in Matrix.
CREATE FUNCTION messaging.record_member_change(p_channel uuid, p_member text) RETURNS jsonb LANGUAGE plpgsql AS $$
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
    -- No intent: the homeserver's push was faster and has written it all.
    intent := messaging.take_intent(p_channel, 'role', p_member);
    IF intent.actor_id IS NOT NULL THEN
        PERFORM messaging.change_member(ch, m, intent.actor_id, intent.details);
    END IF;
    RETURN (SELECT messaging.member_json(c) FROM channel_members c WHERE c.id = m.id);
END
$$;

-- The room's power levels as the homeserver tells them: p_levels by Matrix user id, p_default for everybody else.
CREATE FUNCTION messaging.record_power_levels(
    p_room_id text, p_levels jsonb, p_default integer, p_sender text, p_changed_at text
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
    m channel_members;
    level integer;
    new_role text;
    intent messaging.intents;
BEGIN
    SELECT * INTO ch FROM channels WHERE matrix_room_id = p_room_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN messaging.refused('channel_not_found');
    END IF;
    IF NOT messaging.is_news(ch.id, 'm.room.power_levels', p_changed_at::timestamptz) THEN
        RETURN jsonb_build_object('changed', false);
    END IF;
    FOR m IN SELECT * FROM channel_members c WHERE c.channel_id = ch.id AND c.left_at IS NULL AND c.joined_at IS NOT NULL
             AND c.matrix_power_level <> coalesce((p_levels ->> c.matrix_user_id)::integer, p_default) ORDER BY c.id LOOP
        level := coalesce((p_levels ->> m.matrix_user_id)::integer, p_default);
        new_role := CASE WHEN m.member_type = 'agent' THEN 'agent' WHEN level >= 100 THEN 'owner' WHEN level >= 50 THEN 'admin'
                         WHEN messaging.rank(m.role) > 1 THEN 'member' ELSE m.role END;
        intent := messaging.take_intent(ch.id, 'role', m.member_id);
        IF intent.details ->> 'role' = new_role THEN
            PERFORM messaging.change_member(ch, m, intent.actor_id, intent.details);
        ELSIF new_role <> m.role THEN
            PERFORM messaging.change_member(ch, m, p_sender, jsonb_build_object('role', new_role) || messaging.capabilities(new_role));
        END IF;
        UPDATE channel_members SET matrix_power_level = level WHERE id = m.id;
    END LOOP;
    RETURN jsonb_build_object('changed', true);
END
$$;
