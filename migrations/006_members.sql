-- Members: list, join, invite, and what the homeserver says of them.

-- When the homeserver says the membership last changed: its pushes may come late and out of order.
ALTER TABLE channel_members ADD COLUMN IF NOT EXISTS matrix_changed_at timestamptz;

-- When the API last asked for a change of the role: an older push of the room's power levels must not undo it.
ALTER TABLE channel_members ADD COLUMN IF NOT EXISTS role_asked_at timestamptz;

CREATE INDEX IF NOT EXISTS channel_members_listing ON channel_members (channel_id, id) WHERE left_at IS NULL;

-- Makes somebody an active member, if they are not one yet. The caller of this function holds the channel's row.
-- Who comes back starts as a plain member, but what was forbidden to them stays forbidden, and the power level stays
-- what the room says: it alone makes nobody an admin again.
CREATE FUNCTION messaging.join_member(
    ch channels, p_member text, p_member_type text, p_matrix_user_id text, p_at timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    after channel_members;
BEGIN
    INSERT INTO channel_members AS m (channel_id, member_id, member_type, matrix_user_id, role, matrix_changed_at)
    VALUES (ch.id, p_member, p_member_type, p_matrix_user_id, messaging.usual_role(p_member_type), p_at)
    ON CONFLICT (channel_id, member_id) DO UPDATE SET
        joined_at = now(), left_at = NULL,
        role = CASE WHEN m.left_at IS NULL THEN m.role ELSE excluded.role END,
        can_invite = m.can_invite AND m.left_at IS NULL,
        can_kick = m.can_kick AND m.left_at IS NULL,
        can_create_tasks = m.can_create_tasks AND m.left_at IS NULL,
        invited_by = CASE WHEN m.left_at IS NULL THEN m.invited_by END,
        matrix_changed_at = greatest(m.matrix_changed_at, p_at)
        WHERE m.left_at IS NOT NULL OR m.joined_at IS NULL
    RETURNING * INTO after;
    IF FOUND THEN
        PERFORM messaging.emit_member(ch, 'member.joined', p_member, after);
    END IF;
END
$$;

-- Makes somebody an invited member with a role and capabilities; who has joined already stays joined.
-- What p_details leaves open is as the role has it; reading and writing stay as they were for who was here before.
-- The caller of this function holds the channel's row.
CREATE FUNCTION messaging.invite_member(
    ch channels, p_member text, p_member_type text, p_matrix_user_id text, p_inviter text, p_details jsonb, p_at timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    after channel_members;
    wanted jsonb := messaging.capabilities(p_details ->> 'role') || p_details;
BEGIN
    INSERT INTO channel_members AS m (channel_id, member_id, member_type, matrix_user_id, role, can_read, can_write,
        can_invite, can_kick, can_create_tasks, matrix_power_level, invited_by, joined_at, matrix_changed_at, role_asked_at)
    VALUES (ch.id, p_member, p_member_type, p_matrix_user_id, wanted ->> 'role',
            coalesce((wanted ->> 'can_read')::boolean, true), coalesce((wanted ->> 'can_write')::boolean, true),
            (wanted ->> 'can_invite')::boolean, (wanted ->> 'can_kick')::boolean, (wanted ->> 'can_create_tasks')::boolean,
            messaging.level_of(wanted ->> 'role', coalesce((wanted ->> 'can_write')::boolean, true)), p_inviter, NULL, p_at, p_at)
    ON CONFLICT (channel_id, member_id) DO UPDATE SET
        role = excluded.role,
        can_read = coalesce((wanted ->> 'can_read')::boolean, m.can_read),
        can_write = coalesce((wanted ->> 'can_write')::boolean, m.can_write),
        can_invite = excluded.can_invite, can_kick = excluded.can_kick, can_create_tasks = excluded.can_create_tasks,
        matrix_power_level = messaging.level_of(wanted ->> 'role', coalesce((wanted ->> 'can_write')::boolean, m.can_write)),
        invited_by = excluded.invited_by,
        joined_at = CASE WHEN m.left_at IS NULL THEN m.joined_at END, left_at = NULL,
        matrix_changed_at = greatest(m.matrix_changed_at, p_at), role_asked_at = p_at
    RETURNING * INTO after;
    PERFORM messaging.emit_member(ch, 'member.invited', p_inviter, after);
END
$$;

CREATE FUNCTION messaging.list_members(
    p_caller text, p_microdaos text[], p_channel uuid, p_limit integer, p_after uuid
) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    ch channels;
    items jsonb;
    next_id uuid;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel;
    IF messaging.access(ch, p_caller, p_microdaos) = 'none' THEN
        RETURN messaging.refused('channel_not_found');
    END IF;
    SELECT coalesce(jsonb_agg(messaging.member_json(m) ORDER BY m.id), '[]'), (array_agg(m.id ORDER BY m.id DESC))[1]
    INTO items, next_id
    FROM (SELECT * FROM channel_members
          WHERE channel_id = p_channel AND left_at IS NULL AND (p_after IS NULL OR id > p_after)
          ORDER BY id LIMIT p_limit) m;
    RETURN jsonb_build_object('items', items, 'links', CASE
        WHEN EXISTS (SELECT FROM channel_members WHERE channel_id = p_channel AND left_at IS NULL AND id > next_id)
        THEN jsonb_build_object('next', 'cursor=' || next_id) ELSE '{}' END);
END
$$;

-- Before somebody is invited in Matrix: may the caller, and with this role and these capabilities?
CREATE FUNCTION messaging.prepare_invite(
    p_caller text, p_microdaos text[], p_channel uuid, p_member text, p_details jsonb, p_key text, p_request text
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
    inviter channel_members;
    invitee channel_members;
    wanted jsonb;
    level integer;
    known messaging.idempotency_keys;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel;
    IF messaging.access(ch, p_caller, p_microdaos) = 'none' THEN
        RETURN messaging.refused('channel_not_found');
    END IF;
    SELECT * INTO known FROM messaging.idempotency_keys WHERE caller = p_caller AND key = p_key;
    IF FOUND THEN
        IF known.request <> p_request THEN
            RETURN messaging.refused('idempotency_key_reused');
        END IF;
        RETURN (SELECT jsonb_build_object('room_id', ch.matrix_room_id, 'member', messaging.member_json(m))
                FROM channel_members m WHERE m.id = known.resource);
    END IF;
    IF ch.archived_at IS NOT NULL THEN
        RETURN messaging.refused('channel_archived');
    END IF;
    SELECT * INTO inviter FROM channel_members
    WHERE channel_id = p_channel AND member_id = p_caller AND left_at IS NULL AND joined_at IS NOT NULL;
    IF NOT coalesce(inviter.can_invite, false) THEN
        RETURN messaging.refused('cannot_invite');
    END IF;
    SELECT * INTO invitee FROM channel_members WHERE channel_id = p_channel AND member_id = p_member;
    wanted := messaging.capabilities(p_details ->> 'role') || p_details;
    IF messaging.rank(wanted ->> 'role') > messaging.rank(inviter.role)
        OR (wanted ->> 'can_invite')::boolean AND NOT inviter.can_invite
        OR (wanted ->> 'can_kick')::boolean AND NOT inviter.can_kick
        OR (wanted ->> 'can_create_tasks')::boolean AND NOT inviter.can_create_tasks
        -- Only who manages the channel lifts what was forbidden to somebody who was here before.
        OR messaging.rank(inviter.role) < 2 AND ((wanted ->> 'can_write')::boolean AND NOT invitee.can_write
                                                 OR (wanted ->> 'can_read')::boolean AND NOT invitee.can_read) THEN
        RETURN messaging.refused('cannot_grant');
    END IF;
    IF invitee.joined_at IS NOT NULL AND invitee.left_at IS NULL THEN
        -- Asked for again: nothing to do. Asked for differently: that is a change, not an invitation.
        IF messaging.member_json(invitee) @> p_details THEN
            RETURN jsonb_build_object('room_id', ch.matrix_room_id, 'member', messaging.member_json(invitee));
        END IF;
        RETURN messaging.refused('already_a_member');
    END IF;
    IF ch.is_direct AND invitee.id IS NULL AND (SELECT count(*) FROM channel_members WHERE channel_id = p_channel) > 1 THEN
        RETURN messaging.refused('direct_is_of_two');
    END IF;
    PERFORM messaging.set_intent(p_channel, 'invite', p_member, p_caller, p_details);
    level := messaging.level_of(p_details ->> 'role', coalesce((p_details ->> 'can_write')::boolean, invitee.can_write, true));
    RETURN jsonb_build_object('room_id', ch.matrix_room_id,
        'power_level', CASE WHEN level <> coalesce(invitee.matrix_power_level, 0) THEN level END);
END
$$;

-- After somebody was invited in Matrix, and joined if they are one of ours.
CREATE FUNCTION messaging.record_invite(
    p_channel uuid, p_caller text, p_member text, p_member_type text, p_matrix_user_id text, p_details jsonb,
    p_joined boolean, p_asked_at text, p_key text, p_request text
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
    m channel_members;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel FOR NO KEY UPDATE;
    PERFORM messaging.take_intent(p_channel, 'invite', p_member, p_caller, false);
    SELECT * INTO m FROM channel_members WHERE channel_id = p_channel AND member_id = p_member AND left_at IS NULL;
    -- The homeserver's push may have been faster and have written it all.
    IF m.id IS NULL OR m.invited_by IS DISTINCT FROM p_caller OR NOT messaging.member_json(m) @> p_details THEN
        PERFORM messaging.invite_member(ch, p_member, p_member_type, p_matrix_user_id, p_caller, p_details, p_asked_at::timestamptz);
    END IF;
    IF p_joined THEN
        PERFORM messaging.join_member(ch, p_member, p_member_type, p_matrix_user_id, p_asked_at::timestamptz);
    END IF;
    SELECT * INTO m FROM channel_members WHERE channel_id = p_channel AND member_id = p_member;
    IF p_key IS NOT NULL THEN
        INSERT INTO messaging.idempotency_keys (caller, key, request, resource)
        VALUES (p_caller, p_key, p_request, m.id) ON CONFLICT DO NOTHING;
    END IF;
    RETURN messaging.member_json(m);
END
$$;

-- Ends a membership, if there is one. The caller of this function holds the channel's row.
CREATE FUNCTION messaging.remove_member(ch channels, p_member text, p_actor text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    m channel_members;
BEGIN
    UPDATE channel_members SET left_at = now() WHERE channel_id = ch.id AND member_id = p_member AND left_at IS NULL RETURNING * INTO m;
    IF FOUND THEN
        PERFORM messaging.emit_member(ch, CASE WHEN p_actor = p_member THEN 'member.left' ELSE 'member.kicked' END, p_actor, m);
    END IF;
END
$$;

-- A membership as the homeserver tells it. p_sender is who brought it about; p_by_bot whether that is our bot, which
-- acts for somebody else, and also invites by itself whoever may join a closed room.
CREATE FUNCTION messaging.record_membership(
    p_room_id text, p_member text, p_member_type text, p_matrix_user_id text, p_membership text, p_sender text,
    p_by_bot boolean, p_changed_at text
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
    before channel_members;
    intent messaging.intents;
    drop_level boolean;
    -- Another server may say any time it likes; nothing has happened in the future.
    changed timestamptz := least(p_changed_at::timestamptz, now());
BEGIN
    SELECT * INTO ch FROM channels WHERE matrix_room_id = p_room_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN messaging.refused('channel_not_found');
    END IF;
    SELECT * INTO before FROM channel_members WHERE channel_id = ch.id AND member_id = p_member;
    IF before.matrix_changed_at > changed THEN
        RETURN jsonb_build_object('changed', false);
    END IF;
    IF p_membership = 'join' THEN
        PERFORM messaging.join_member(ch, p_member, p_member_type, p_matrix_user_id, changed);
    ELSIF p_membership = 'invite' AND (before.id IS NULL OR before.left_at IS NOT NULL) THEN
        intent := messaging.take_intent(ch.id, 'invite', p_member, p_sender, p_by_bot);
        IF p_by_bot AND intent.actor_id IS NULL THEN
            RETURN jsonb_build_object('changed', false);
        END IF;
        PERFORM messaging.invite_member(ch, p_member, p_member_type, p_matrix_user_id, coalesce(intent.actor_id, p_sender),
            coalesce(intent.details, jsonb_build_object('role', messaging.usual_role(p_member_type))), changed);
    ELSIF p_membership IN ('leave', 'ban') THEN
        intent := messaging.take_intent(ch.id, 'remove', p_member, p_sender, p_by_bot);
        PERFORM messaging.remove_member(ch, p_member, coalesce(intent.actor_id, p_sender));
        -- The level waits in the room for them to come back; it must not.
        drop_level := before.left_at IS NULL AND before.matrix_power_level > 0;
        UPDATE channel_members SET matrix_power_level = least(matrix_power_level, 0) WHERE id = before.id;
        -- Remembered, so that an older invitation that comes late lets nobody in.
        INSERT INTO channel_members (channel_id, member_id, member_type, matrix_user_id, role, joined_at, left_at)
        VALUES (ch.id, p_member, p_member_type, p_matrix_user_id, messaging.usual_role(p_member_type), NULL, now())
        ON CONFLICT (channel_id, member_id) DO NOTHING;
    END IF;
    UPDATE channel_members SET matrix_changed_at = changed WHERE channel_id = ch.id AND member_id = p_member;
    RETURN jsonb_build_object('changed', true, 'drop_level', coalesce(drop_level, false));
END
$$;
