-- Changing a member's role and capabilities: prepare_member_change before the power level follows in Matrix,
-- record_member_change after.

-- Applies a change of role and capabilities; false when it would leave the channel without an owner. The caller of this
-- function holds the channel's row.
CREATE FUNCTION messaging.change_member(
    ch public.channels, before public.channel_members, p_actor_id text, p_details jsonb, p_at timestamptz
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    after public.channel_members;
BEGIN
    IF p_details ->> 'role' <> 'owner' AND messaging.is_last_owner(before) THEN
        RETURN false;
    END IF;
    UPDATE public.channel_members SET
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
    IF (after.role, after.can_read, after.can_write, after.can_invite, after.can_kick, after.can_create_tasks)
        <> (before.role, before.can_read, before.can_write, before.can_invite, before.can_kick, before.can_create_tasks) THEN
        PERFORM messaging.emit_member(ch, 'member.role_changed', p_actor_id, after);
    END IF;
    RETURN true;
END
$$;

-- What a manager lets somebody do who is not a member at the moment, for when they come: whoever leaves and joins again is
-- not out of reach. Only reading and writing: a role is a member's. The caller of this function holds the channel's row.
CREATE FUNCTION messaging.restrict_absent(
    ch public.channels, p_member_id text, p_member_type text, p_matrix_user_id text, p_actor_id text, p_details jsonb
) RETURNS public.channel_members LANGUAGE plpgsql AS $$
DECLARE
    after public.channel_members;
BEGIN
    INSERT INTO public.channel_members AS m (channel_id, member_id, member_type, matrix_user_id, role, can_read, can_write,
                                             matrix_power_level, joined_at, left_at, noted_by, noted_at)
    VALUES (ch.id, p_member_id, p_member_type, p_matrix_user_id, messaging.default_role(p_member_type),
            coalesce((p_details ->> 'can_read')::boolean, true), coalesce((p_details ->> 'can_write')::boolean, true),
            messaging.level_of('member', coalesce((p_details ->> 'can_write')::boolean, true)), NULL, now(), p_actor_id, now())
    ON CONFLICT (channel_id, member_id) DO UPDATE SET
        can_read = coalesce((p_details ->> 'can_read')::boolean, m.can_read),
        can_write = coalesce((p_details ->> 'can_write')::boolean, m.can_write),
        matrix_power_level = messaging.level_of('member', coalesce((p_details ->> 'can_write')::boolean, m.can_write))
    RETURNING * INTO after;
    PERFORM messaging.audit(ch.id, 'member.role_changed', p_actor_id, p_member_id, p_details);
    RETURN after;
END
$$;

-- Whether p_details names nothing but reading and writing.
CREATE FUNCTION messaging.is_restriction(p_details jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT p_details <> '{}' AND p_details - ARRAY['can_read', 'can_write'] = '{}'
$$;

-- The level in the room of whoever has none of their own there.
CREATE FUNCTION messaging.default_level(p_channel_id uuid) RETURNS integer LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce((SELECT r.default_level FROM messaging.room_levels r WHERE r.channel_id = p_channel_id), 0);
END
$$;

-- Whether somebody who has p_present (NULL: nothing that the index knows of) takes up one more entry of the room's power
-- levels with p_level.
CREATE FUNCTION messaging.needs_level(p_channel_id uuid, p_level integer, p_present integer) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
    default_level integer := messaging.default_level(p_channel_id);
BEGIN
    RETURN p_level <> default_level AND coalesce(p_present, default_level) = default_level;
END
$$;

-- Whether the room's power levels, which are one event of at most 64 KiB, have a place for one more member with a level
-- of their own. Who may not write takes up half of it at most, so that roles can always be changed.
CREATE FUNCTION messaging.has_room_for_level(p_channel_id uuid, p_level integer) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
    default_level integer := messaging.default_level(p_channel_id);
    -- Each entry as JSON has it, and the longest that an id makes.
    size bigint := 262;
BEGIN
    IF default_level = 0 THEN
        -- As the index of levels has it.
        SELECT size + coalesce(sum(octet_length(to_json(m.matrix_user_id)::text) + 5), 0) INTO size
        FROM public.channel_members m WHERE m.channel_id = p_channel_id AND m.matrix_power_level <> 0;
    ELSE
        -- Who has gone, and has no level that waits for them, has no entry.
        SELECT size + coalesce(sum(octet_length(to_json(m.matrix_user_id)::text) + 5), 0) INTO size
        FROM public.channel_members m WHERE m.channel_id = p_channel_id AND m.matrix_power_level <> default_level
            AND (m.left_at IS NULL OR m.matrix_power_level <> 0);
    END IF;
    RETURN size <= CASE WHEN p_level < 0 THEN 32000 ELSE 56000 END;
END
$$;

-- p_details holds the columns that the caller names. The power_level is null when the room has it, matrix_user_id when
-- the index does not know it.
CREATE FUNCTION messaging.prepare_member_change(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_member_id text, p_details jsonb,
    p_limits jsonb DEFAULT NULL, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    actor public.channel_members;
    target public.channel_members;
    new_role text;
    wanted jsonb;
    level integer;
BEGIN
    PERFORM messaging.settle_intents(p_channel_id);
    -- Locked, so that two owners do not step down, or one steps down and the other leaves, past each other.
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id FOR NO KEY UPDATE;
    refusal := messaging.manager_refusal(ch, p_caller, p_microdaos);
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT * INTO actor FROM public.channel_members
    WHERE channel_id = p_channel_id AND member_id = p_caller AND left_at IS NULL;
    SELECT * INTO target FROM public.channel_members WHERE channel_id = p_channel_id AND member_id = p_member_id;
    IF target.id IS NULL OR target.left_at IS NOT NULL THEN
        IF ch.is_direct OR NOT messaging.is_restriction(p_details) THEN
            refusal := 'member_not_found';
        ELSIF actor.role <> 'owner' AND ((p_details ->> 'can_read')::boolean AND NOT actor.can_read
                                         OR (p_details ->> 'can_write')::boolean AND NOT actor.can_write) THEN
            refusal := 'cannot_grant';
        ELSIF target.id IS NULL AND messaging.notes_too_many(p_caller, p_microdaos) THEN
            refusal := 'too_many_absent';
            document := messaging.absent_limit(p_caller);
        ELSE
            level := messaging.level_of('member', coalesce((p_details ->> 'can_write')::boolean, target.can_write, true));
            IF messaging.needs_level(p_channel_id, level, target.matrix_power_level)
                AND NOT messaging.has_room_for_level(p_channel_id, level) THEN
                refusal := 'too_many_levels';
                RETURN;
            END IF;
            SELECT l.refusal, l.details INTO refusal, document
            FROM messaging.limit_refusal(p_caller, p_channel_id, p_limits) l;
            IF refusal IS NOT NULL THEN
                RETURN;
            END IF;
            document := json_build_object('room_id', ch.matrix_room_id, 'matrix_user_id', target.matrix_user_id,
                'details', p_details, 'power_level', CASE WHEN level <> coalesce(target.matrix_power_level, 0) THEN level END);
        END IF;
        RETURN;
    END IF;
    new_role := coalesce(p_details ->> 'role', target.role);
    IF (new_role = 'agent') <> (target.member_type = 'agent') AND (new_role = 'agent' OR messaging.rank(new_role) > 1) THEN
        refusal := 'role_does_not_fit';
        RETURN;
    END IF;
    -- A new role brings its capabilities with it, unless the caller says otherwise.
    IF messaging.cripples_owner(new_role, p_details) THEN
        refusal := 'owners_have_every_right';
        RETURN;
    END IF;
    wanted := jsonb_build_object('role', new_role)
        || CASE WHEN new_role = target.role THEN '{}' ELSE messaging.capabilities(new_role) END || p_details;
    IF p_member_id <> p_caller AND messaging.rank(target.role) >= messaging.rank(actor.role)
        OR messaging.rank(new_role) > messaging.rank(actor.role)
        OR (wanted ->> 'can_invite')::boolean AND NOT actor.can_invite
        OR (wanted ->> 'can_kick')::boolean AND NOT actor.can_kick
        OR (wanted ->> 'can_create_tasks')::boolean AND NOT actor.can_create_tasks
        -- Reading and writing as well: nobody gives to themselves, or to others, what was taken from them.
        OR actor.role <> 'owner' AND ((wanted ->> 'can_read')::boolean AND NOT actor.can_read AND NOT target.can_read
                                      OR (wanted ->> 'can_write')::boolean AND NOT actor.can_write AND NOT target.can_write) THEN
        refusal := 'cannot_grant';
        RETURN;
    END IF;
    IF new_role <> 'owner' AND messaging.is_last_owner(target) THEN
        refusal := 'last_owner';
        RETURN;
    END IF;
    level := messaging.level_of(new_role, coalesce((wanted ->> 'can_write')::boolean, target.can_write));
    IF messaging.needs_level(p_channel_id, level, target.matrix_power_level)
        AND NOT messaging.has_room_for_level(p_channel_id, level) THEN
        refusal := 'too_many_levels';
        RETURN;
    END IF;
    IF messaging.is_being_removed(p_channel_id, p_member_id)
        OR messaging.is_changing_level(p_channel_id, p_member_id, level) THEN
        refusal := 'member_being_changed';
        RETURN;
    END IF;
    SELECT l.refusal, l.details INTO refusal, document
    FROM messaging.limit_refusal(p_caller, p_channel_id, p_limits) l;
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM messaging.set_intent(p_channel_id, 'role', p_member_id, p_caller, wanted);
    document := json_build_object('room_id', ch.matrix_room_id, 'matrix_user_id', target.matrix_user_id, 'details', wanted,
        'power_level', CASE WHEN level <> target.matrix_power_level THEN level END);
END
$$;

-- Refused where it would leave the channel without an owner: then the room has to have the member's level again.
CREATE FUNCTION messaging.record_member_change(
    p_channel_id uuid, p_caller text, p_member_id text, p_details jsonb, p_matrix_user_id text DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    m public.channel_members;
    intent messaging.intents;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id FOR NO KEY UPDATE;
    SELECT * INTO m FROM public.channel_members
    WHERE channel_id = p_channel_id AND member_id = p_member_id AND left_at IS NULL;
    IF NOT FOUND THEN
        IF p_matrix_user_id IS NULL OR ch.is_direct OR NOT messaging.is_restriction(p_details - 'role') THEN
            refusal := 'member_not_found';
        ELSE
            -- They may have left while the change was under way: what it forbids stays forbidden.
            m := messaging.restrict_absent(ch, p_member_id, CASE WHEN p_member_id LIKE 'agent:%' THEN 'agent' ELSE 'human' END,
                                           p_matrix_user_id, p_caller, p_details - 'role');
            document := messaging.member_json(m);
        END IF;
        RETURN;
    END IF;
    intent := messaging.take_intent(p_channel_id, 'role', p_member_id, p_caller, false);
    IF NOT messaging.change_member(ch, m, p_caller, p_details, coalesce(intent.created_at, now())) THEN
        refusal := 'last_owner';
        RETURN;
    END IF;
    SELECT messaging.member_json(c) INTO document FROM public.channel_members c WHERE c.id = m.id;
END
$$;
