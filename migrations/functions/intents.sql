-- What is under way between the API and Matrix.

-- A newer intent about the same takes the place of an older one.
CREATE FUNCTION messaging.set_intent(p_channel_id uuid, p_act text, p_target_id text, p_actor_id text, p_details jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO messaging.intents (channel_id, act, target_id, actor_id, details)
    VALUES (p_channel_id, p_act, p_target_id, p_actor_id, p_details)
    ON CONFLICT (channel_id, act, target_id) DO UPDATE SET
        actor_id = excluded.actor_id, details = excluded.details, confirmed = '{}', created_at = clock_timestamp(), level = NULL;
END
$$;

-- Takes what somebody was about to do, however long ago: the homeserver may tell of it much later, and only the intent has
-- who wanted it, and what else. A push takes it only when it comes from that person, or from the bot, which acts for them:
-- p_sender_id NULL is the API itself, for its own intent.
CREATE FUNCTION messaging.take_intent(
    p_channel_id uuid, p_act text, p_target_id text, p_sender_id text, p_by_bot boolean
) RETURNS messaging.intents LANGUAGE plpgsql AS $$
DECLARE
    intent messaging.intents;
BEGIN
    DELETE FROM messaging.intents WHERE channel_id = p_channel_id AND act = p_act AND target_id = p_target_id
        AND (p_sender_id IS NULL OR p_by_bot OR actor_id = p_sender_id)
    RETURNING * INTO intent;
    RETURN intent;
END
$$;

-- The room has refused an act, so nothing comes of it: what was told of it on the way counts as it is, and no later event
-- is taken for it.
CREATE FUNCTION messaging.drop_intent(
    p_channel_id uuid, p_caller text, p_act text, p_target_id text, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM public.channels WHERE id = p_channel_id FOR NO KEY UPDATE;
    UPDATE messaging.intents SET created_at = '-infinity'
    WHERE channel_id = p_channel_id AND act = p_act AND target_id = p_target_id AND actor_id = p_caller;
    IF FOUND THEN
        PERFORM messaging.settle_intents(p_channel_id);
        DELETE FROM messaging.intents
        WHERE channel_id = p_channel_id AND act = p_act AND target_id = p_target_id AND actor_id = p_caller;
    END IF;
    DELETE FROM messaging.intents WHERE p_act = 'update' AND channel_id = p_channel_id AND act = 'visibility'
        AND target_id = 'channel' AND actor_id = p_caller AND details ->> 'update' = p_target_id;
END
$$;

-- Whether somebody is being removed. Two acts that write the same member's level would undo each other in the room again
-- and again: who is being removed is not changed, and a removal waits for a change that has begun (is_changing_level).
CREATE FUNCTION messaging.is_being_removed(p_channel_id uuid, p_member_id text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM messaging.intents WHERE channel_id = p_channel_id AND act = 'remove'
                   AND target_id = p_member_id AND messaging.is_under_way(created_at));
END
$$;

-- Whether somebody is being given another level than p_level.
CREATE FUNCTION messaging.is_changing_level(p_channel_id uuid, p_member_id text, p_level integer) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM messaging.intents i
        LEFT JOIN public.channel_members m ON m.channel_id = i.channel_id AND m.member_id = i.target_id
        WHERE i.channel_id = p_channel_id AND i.act IN ('role', 'invite') AND i.target_id = p_member_id
            AND messaging.is_under_way(i.created_at) AND p_level <> messaging.level_of(
                i.details ->> 'role', coalesce((i.details ->> 'can_write')::boolean, m.can_write, true)));
END
$$;

-- Whether the request that noted an intent may still be running.
CREATE FUNCTION messaging.is_under_way(p_created_at timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT p_created_at > now() - interval '1 minute'
$$;

-- What the homeserver has told of an act waits for the rest of it, while the act may still be running. Where that was cut
-- off, what was told counts as it is: the room has it. Every act that manages the channel and every push of its state
-- begins with this.
CREATE FUNCTION messaging.settle_intents(p_channel_id uuid) RETURNS void LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    ch public.channels;
    m public.channel_members;
    intent messaging.intents;
BEGIN
    IF NOT EXISTS (SELECT FROM messaging.intents WHERE channel_id = p_channel_id AND NOT messaging.is_under_way(created_at)
                   AND (level IS NOT NULL OR act = 'update' AND confirmed <> '{}')) THEN
        RETURN;
    END IF;
    FOR intent IN SELECT * FROM messaging.intents WHERE channel_id = p_channel_id AND NOT messaging.is_under_way(created_at)
                      AND (level IS NOT NULL OR act = 'update' AND confirmed <> '{}') ORDER BY created_at LOOP
        SELECT * INTO ch FROM public.channels WHERE id = p_channel_id FOR NO KEY UPDATE;
        -- Whoever had the channel's row may have settled it, or noted a newer one.
        SELECT * INTO intent FROM messaging.intents WHERE channel_id = p_channel_id AND act = intent.act
            AND target_id = intent.target_id AND NOT messaging.is_under_way(created_at)
            AND (level IS NOT NULL OR act = 'update' AND confirmed <> '{}');
        CONTINUE WHEN NOT FOUND;
        IF intent.act = 'update' THEN
            PERFORM messaging.complete_update(ch, intent);
        ELSE
            UPDATE messaging.intents SET level = NULL
            WHERE channel_id = p_channel_id AND act = intent.act AND target_id = intent.target_id AND level = intent.level;
            CONTINUE WHEN NOT FOUND;
            SELECT * INTO m FROM public.channel_members
            WHERE channel_id = p_channel_id AND member_id = intent.target_id AND left_at IS NULL;
            CONTINUE WHEN m.id IS NULL OR m.matrix_power_level = intent.level;
            PERFORM messaging.change_member(ch, m, intent.actor_id, messaging.rights_of_level(
                intent.level, m.member_type, m.role, m.matrix_power_level), NULL);
            UPDATE public.channel_members SET matrix_power_level = intent.level WHERE id = m.id;
        END IF;
    END LOOP;
END
$$;

-- The channel of a room whose state is told, locked, with what was told before settled; NULL where the room is no channel's.
CREATE FUNCTION messaging.lock_room(p_room_id text) RETURNS public.channels LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
BEGIN
    PERFORM messaging.settle_intents((SELECT id FROM public.channels WHERE matrix_room_id = p_room_id));
    SELECT * INTO ch FROM public.channels WHERE matrix_room_id = p_room_id FOR NO KEY UPDATE;
    RETURN ch;
END
$$;
