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
    FROM (SELECT messaging.role_of_level(p_level, p_member_type, p_role) AS role) r
$$;

-- Keeps the levels for those who are not in the channel: a level that is given before somebody comes counts when they do.
-- One that merely waits for somebody who has gone does not, so of those it is the change that counts, unless it is older than
-- what the API was asked for. p_changed: when it was made; NULL where the room has it now.
CREATE FUNCTION messaging.follow_absent_levels(
    p_channel_id uuid, p_levels jsonb, p_default integer, p_room_mention_level integer, p_changed timestamptz
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    before messaging.room_levels;
BEGIN
    SELECT * INTO before FROM messaging.room_levels WHERE channel_id = p_channel_id;
    IF FOUND THEN
        UPDATE public.channel_members m SET matrix_power_level = l.level,
            can_write = CASE WHEN (l.level < 0) <> (m.matrix_power_level < 0) THEN l.level >= 0 ELSE m.can_write END
        FROM (SELECT key AS matrix_user_id, coalesce((p_levels ->> key)::integer, p_default) AS level
              FROM (SELECT jsonb_object_keys(before.levels) AS key UNION SELECT jsonb_object_keys(p_levels)) named
              WHERE p_levels -> key IS DISTINCT FROM before.levels -> key) l
        WHERE m.channel_id = p_channel_id AND m.matrix_user_id = l.matrix_user_id AND m.left_at IS NOT NULL
            AND l.level IS NOT NULL AND m.matrix_power_level <> l.level
            AND (p_changed IS NULL OR m.role_asked_at IS NULL OR m.role_asked_at <= p_changed);
    END IF;
    INSERT INTO messaging.room_levels (channel_id, levels, default_level, room_mention_level)
    VALUES (p_channel_id, p_levels, coalesce(p_default, 0), coalesce(p_room_mention_level, 50))
    ON CONFLICT (channel_id) DO UPDATE SET levels = excluded.levels, default_level = coalesce(p_default, room_levels.default_level),
        room_mention_level = coalesce(p_room_mention_level, room_levels.room_mention_level);
END
$$;

-- p_levels by Matrix user id, null for one that cannot be read; p_default for everybody else, NULL likewise. Whose level
-- cannot be read keeps what they have.
--
-- One statement for all members, however many there are: a default moves everybody. Up to 100 of them are told of one by
-- one, as when the API changes them; more are one event.
--
-- p_room_mention_level: from which level on everybody may be mentioned, NULL likewise.
-- p_is_read_only: nobody may send any more. That is how a channel is archived, and it ends when it is opened again.
-- must_raise, ask_version: as of record_membership.
CREATE FUNCTION messaging.record_power_levels(
    p_room_id text, p_levels jsonb, p_default integer, p_sender_id text, p_by_bot boolean, p_changed_at text,
    p_event_id text DEFAULT NULL, p_order text DEFAULT 'clock', p_version text DEFAULT NULL, p_is_read_only boolean DEFAULT false,
    p_room_mention_level integer DEFAULT NULL, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    changed timestamptz := least(p_changed_at::timestamptz, now());
    asked timestamptz;
    judged record;
    total bigint;
    actor_ids text[];
    members public.channel_members[];
BEGIN
    ch := messaging.lock_room(p_room_id);
    IF ch.id IS NULL THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    SELECT max(role_asked_at) INTO asked FROM public.channel_members WHERE channel_id = ch.id;
    judged := messaging.follow_state(ch.id, 'm.room.power_levels', NULL, changed, p_event_id,
        -- Somebody's level may have been changed through the API since.
        CASE WHEN p_order = 'told' AND asked > changed THEN 'unsure' ELSE p_order END, p_version, asked);
    IF judged.judgement <> 'follow' THEN
        document := json_build_object('must_raise', messaging.powerless_owners(ch.id),
            'ask_version', CASE WHEN judged.judgement = 'ask' THEN judged.version END);
        RETURN;
    END IF;
    PERFORM messaging.follow_absent_levels(ch.id, p_levels, p_default, p_room_mention_level,
        CASE WHEN p_order <> 'now' THEN changed END);
    WITH removing AS MATERIALIZED (
        -- A member who is being removed loses the level on the way out; that is no change of role, unless they stay.
        SELECT r.target_id, r.actor_id, messaging.is_under_way(r.created_at) AS is_under_way FROM messaging.intents r
        WHERE r.channel_id = ch.id AND r.act = 'remove'
    ), moved AS MATERIALIZED (
        SELECT m.id, m.member_id, m.joined_at IS NOT NULL AS is_in, m.role, m.can_read, m.can_write, m.can_invite, m.can_kick,
               m.can_create_tasks, l.level, coalesce(i.actor_id, (
                   SELECT r.actor_id FROM removing r WHERE r.target_id = m.member_id AND (p_by_bot OR r.actor_id = p_sender_id)
               )) AS actor_id, i.actor_id IS NOT NULL AS is_intended, i.created_at AS asked_at,
               coalesce(i.details, messaging.rights_of_level(l.level, m.member_type, m.role, m.matrix_power_level)) AS details
        FROM public.channel_members m
        CROSS JOIN LATERAL (SELECT CASE WHEN p_levels ? m.matrix_user_id THEN (p_levels ->> m.matrix_user_id)::integer
                                        ELSE p_default END AS level) l
        LEFT JOIN messaging.intents i ON i.channel_id = ch.id AND i.act = 'role' AND i.target_id = m.member_id
            AND (i.actor_id = p_sender_id OR p_by_bot) AND (i.confirmed = '{}' OR messaging.is_under_way(i.created_at))
            AND messaging.level_of(i.details ->> 'role', coalesce((i.details ->> 'can_write')::boolean, m.can_write)) = l.level
        WHERE m.channel_id = ch.id AND m.left_at IS NULL
            AND m.matrix_power_level <> l.level AND (p_order = 'now' OR m.role_asked_at IS NULL OR m.role_asked_at <= changed)
            AND NOT EXISTS (SELECT FROM removing r WHERE r.target_id = m.member_id AND r.is_under_way)
    ), last_owner AS (
        -- Where nobody would be left as owner, one of those who were stays one.
        SELECT d.id FROM moved d
        WHERE d.role = 'owner' AND d.is_in AND d.details ->> 'role' <> 'owner'
            AND NOT EXISTS (SELECT FROM moved n WHERE n.is_in AND n.details ->> 'role' = 'owner')
            AND NOT EXISTS (SELECT FROM public.channel_members o
                            WHERE o.channel_id = ch.id AND o.role = 'owner' AND o.left_at IS NULL AND o.joined_at IS NOT NULL
                            AND o.id NOT IN (SELECT id FROM moved)
                            AND NOT EXISTS (SELECT FROM removing r WHERE r.target_id = o.member_id AND r.is_under_way))
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
    ), deferred AS (
        UPDATE messaging.intents r SET level = coalesce((p_levels ->> m.matrix_user_id)::integer, p_default)
        FROM public.channel_members m
        WHERE r.channel_id = ch.id AND r.act = 'remove' AND messaging.is_under_way(r.created_at)
            AND m.channel_id = ch.id AND m.member_id = r.target_id AND m.left_at IS NULL
    ), confirmed AS (
        UPDATE messaging.intents i SET confirmed = '{level}'
        FROM moved w WHERE w.is_intended AND i.channel_id = ch.id AND i.act = 'role' AND i.target_id = w.member_id
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
    PERFORM messaging.follow_read_only(ch.id, p_is_read_only, p_sender_id, p_by_bot);
    document := json_build_object('must_raise', messaging.powerless_owners(ch.id), 'ask_version', NULL);
END
$$;
