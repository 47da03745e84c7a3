-- The room's power levels as the homeserver tells them.

-- The rights that follow from a level, as changes of a member's columns.
CREATE FUNCTION messaging.rights_of_level(
    p_level integer, p_member_type text, p_role text, p_matrix_power_level integer
) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN r.role <> p_role THEN messaging.capabilities(r.role) ELSE '{}' END
        || jsonb_build_object('role', r.role)
        -- Below zero is how a member is kept from writing.
        || CASE WHEN (p_level < 0) <> (p_matrix_power_level < 0)
                THEN jsonb_build_object('can_write', p_level >= 0) ELSE '{}' END
    FROM (SELECT CASE
        WHEN p_member_type = 'agent' THEN 'agent' WHEN p_level >= 100 THEN 'owner' WHEN p_level >= 50 THEN 'admin'
        WHEN messaging.rank(p_role) > 1 THEN 'member' ELSE p_role END AS role) r
$$;

-- p_levels by Matrix user id, null for one that cannot be read; p_default for everybody else, NULL likewise. Whose level
-- cannot be read keeps what they have.
--
-- One statement for all members, however many there are: a default moves everybody. Up to 100 of them are told of one by
-- one, as when the API changes them; more are one event.
CREATE FUNCTION messaging.record_power_levels(
    p_room_id text, p_levels jsonb, p_default integer, p_sender_id text, p_by_bot boolean, p_changed_at text,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    changed timestamptz := least(p_changed_at::timestamptz, now());
    total bigint;
    actor_ids text[];
    members public.channel_members[];
BEGIN
    SELECT * INTO ch FROM public.channels WHERE matrix_room_id = p_room_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    IF NOT messaging.is_newer(ch.id, 'm.room.power_levels', changed) THEN
        RETURN;
    END IF;
    WITH moved AS MATERIALIZED (
        SELECT m.id, m.role, m.can_read, m.can_write, m.can_invite, m.can_kick, m.can_create_tasks, l.level,
               i.actor_id, i.created_at AS asked_at,
               coalesce(i.details, messaging.rights_of_level(l.level, m.member_type, m.role, m.matrix_power_level)) AS details
        FROM public.channel_members m
        CROSS JOIN LATERAL (SELECT CASE WHEN p_levels ? m.matrix_user_id THEN (p_levels ->> m.matrix_user_id)::integer
                                        ELSE p_default END AS level) l
        LEFT JOIN messaging.intents i ON i.channel_id = ch.id AND i.act = 'role' AND i.target_id = m.member_id
            AND i.created_at > now() - interval '10 minutes' AND (i.actor_id = p_sender_id OR p_by_bot)
            AND messaging.level_of(i.details ->> 'role', coalesce((i.details ->> 'can_write')::boolean, m.can_write)) = l.level
        WHERE m.channel_id = ch.id AND m.left_at IS NULL AND m.joined_at IS NOT NULL
            AND m.matrix_power_level <> l.level AND (m.role_asked_at IS NULL OR m.role_asked_at <= changed)
            -- A member who is being removed loses the level on the way out; that is no change of role.
            AND NOT EXISTS (SELECT FROM messaging.intents r WHERE r.channel_id = ch.id AND r.act = 'remove'
                            AND r.target_id = m.member_id AND r.created_at > now() - interval '1 minute')
    ), last_owner AS (
        -- Where nobody would be left as owner, one of those who were stays one.
        SELECT d.id FROM moved d
        WHERE d.role = 'owner' AND d.details ->> 'role' <> 'owner'
            AND NOT EXISTS (SELECT FROM moved n WHERE n.details ->> 'role' = 'owner')
            AND NOT EXISTS (SELECT FROM public.channel_members o
                            WHERE o.channel_id = ch.id AND o.role = 'owner' AND o.left_at IS NULL AND o.joined_at IS NOT NULL
                            AND o.id NOT IN (SELECT id FROM moved)
                            AND NOT EXISTS (SELECT FROM messaging.intents r WHERE r.channel_id = ch.id AND r.act = 'remove'
                                AND r.target_id = o.member_id AND r.created_at > now() - interval '1 minute'))
        ORDER BY d.id DESC LIMIT 1
    ), wanted AS (
        SELECT w.*, CASE WHEN w.id IN (SELECT id FROM last_owner) THEN '{}' ELSE w.details END AS changes FROM moved w
    ), updated AS (
        UPDATE public.channel_members m SET
            role = coalesce(w.changes ->> 'role', m.role),
            can_read = coalesce((w.changes ->> 'can_read')::boolean, m.can_read),
            can_write = coalesce((w.changes ->> 'can_write')::boolean, m.can_write),
            can_invite = coalesce((w.changes ->> 'can_invite')::boolean, m.can_invite),
            can_kick = coalesce((w.changes ->> 'can_kick')::boolean, m.can_kick),
            can_create_tasks = coalesce((w.changes ->> 'can_create_tasks')::boolean, m.can_create_tasks),
            matrix_power_level = w.level,
            role_asked_at = greatest(m.role_asked_at, w.asked_at)
        FROM wanted w WHERE w.id = m.id
        RETURNING m AS member, coalesce(w.actor_id, p_sender_id) AS actor_id,
            (m.role, m.can_read, m.can_write, m.can_invite, m.can_kick, m.can_create_tasks)
            IS DISTINCT FROM (w.role, w.can_read, w.can_write, w.can_invite, w.can_kick, w.can_create_tasks) AS is_change
    ), told AS (
        SELECT u.actor_id, u.member FROM updated u WHERE u.is_change ORDER BY (u.member).id LIMIT 100
    )
    SELECT (SELECT count(*) FROM updated u WHERE u.is_change),
           (SELECT array_agg(t.actor_id) FROM told t), (SELECT array_agg(t.member) FROM told t)
    INTO total, actor_ids, members;
    IF total > cardinality(members) THEN
        PERFORM messaging.emit_members_changed(ch, 'member.role_changed', p_sender_id, total);
    ELSIF total > 0 THEN
        PERFORM messaging.emit_members(ch, 'member.role_changed', actor_ids, members);
    END IF;
END
$$;
