-- The room's power levels as the homeserver tells them: p_levels by Matrix user id, p_default for everybody else.
CREATE FUNCTION messaging.record_power_levels(
    p_room_id text, p_levels jsonb, p_default integer, p_sender_id text, p_by_bot boolean, p_changed_at text,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    m public.channel_members;
    level integer;
    changes jsonb;
    intent messaging.intents;
    changed timestamptz := least(p_changed_at::timestamptz, now());
BEGIN
    SELECT * INTO ch FROM public.channels WHERE matrix_room_id = p_room_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    IF NOT messaging.is_newer(ch.id, 'm.room.power_levels', changed) THEN
        RETURN;
    END IF;
    FOR m IN SELECT * FROM public.channel_members c WHERE c.channel_id = ch.id AND c.left_at IS NULL AND c.joined_at IS NOT NULL
             AND c.matrix_power_level <> coalesce((p_levels ->> c.matrix_user_id)::integer, p_default)
             AND (c.role_asked_at IS NULL OR c.role_asked_at <= changed)
             -- A member who is being removed loses the level on the way out; that is no change of role.
             AND NOT EXISTS (SELECT FROM messaging.intents i WHERE i.channel_id = ch.id AND i.act = 'remove'
                             AND i.target_id = c.member_id AND i.created_at > now() - interval '1 minute')
             ORDER BY c.id LOOP
        level := coalesce((p_levels ->> m.matrix_user_id)::integer, p_default);
        changes := jsonb_build_object('role', CASE
            WHEN m.member_type = 'agent' THEN 'agent' WHEN level >= 100 THEN 'owner' WHEN level >= 50 THEN 'admin'
            WHEN messaging.rank(m.role) > 1 THEN 'member' ELSE m.role END);
        -- Below zero is how a member is kept from writing.
        IF (level < 0) <> (m.matrix_power_level < 0) THEN
            changes := changes || jsonb_build_object('can_write', level >= 0);
        END IF;
        SELECT * INTO intent FROM messaging.intents i WHERE i.channel_id = ch.id AND i.act = 'role' AND i.target_id = m.member_id
            AND i.created_at > now() - interval '10 minutes' AND (i.actor_id = p_sender_id OR p_by_bot)
            AND messaging.level_of(i.details ->> 'role', coalesce((i.details ->> 'can_write')::boolean, m.can_write)) = level;
        IF FOUND THEN
            PERFORM messaging.change_member(ch, m, intent.actor_id, intent.details, intent.created_at);
        ELSIF changes ->> 'role' <> m.role THEN
            PERFORM messaging.change_member(ch, m, p_sender_id, messaging.capabilities(changes ->> 'role') || changes, NULL);
        ELSE
            PERFORM messaging.change_member(ch, m, p_sender_id, changes, NULL);
        END IF;
        UPDATE public.channel_members SET matrix_power_level = level WHERE id = m.id;
    END LOOP;
END
$$;
