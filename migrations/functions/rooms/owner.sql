-- Every channel has an owner, as long as somebody can be it, and the owner has the room's highest level.

-- Who becomes the owner when the last one goes: who has been in for the longest, an admin before a member, somebody who is
-- in by themselves before one who came through the microDAO. NULL when nobody can be it. p_leaving_id: who goes.
CREATE FUNCTION messaging.successor(p_channel_id uuid, p_leaving_id text) RETURNS public.channel_members
LANGUAGE plpgsql STABLE AS $$
DECLARE
    m public.channel_members;
BEGIN
    SELECT * INTO m FROM public.channel_members
    WHERE channel_id = p_channel_id AND member_id <> p_leaving_id AND left_at IS NULL AND joined_at IS NOT NULL
        AND member_type = 'human' AND can_read AND can_write
    ORDER BY messaging.rank(role) DESC, role = 'guest', member_id LIKE '@%', via_microdao, joined_at, id LIMIT 1;
    RETURN m;
END
$$;

-- Gives a channel that has no owner left the successor of the one who has gone; the bot gives them the level. The caller of
-- this function holds the channel's row.
CREATE FUNCTION messaging.appoint_owner(ch public.channels, p_gone_id text, p_actor_id text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    heir public.channel_members;
BEGIN
    IF ch.archived_at IS NOT NULL OR EXISTS (SELECT FROM public.channel_members WHERE channel_id = ch.id AND role = 'owner'
                                             AND left_at IS NULL AND joined_at IS NOT NULL) THEN
        RETURN;
    END IF;
    UPDATE public.channel_members SET role = 'owner', can_invite = true, can_kick = true, can_create_tasks = true
    WHERE id = (messaging.successor(ch.id, p_gone_id)).id RETURNING * INTO heir;
    IF FOUND THEN
        PERFORM messaging.emit_member(ch, 'member.role_changed', p_actor_id, heir);
    END IF;
END
$$;

-- The Matrix ids of owners who do not have an owner's level in the room: whom nobody else can follow stays one.
CREATE FUNCTION messaging.powerless_owners(p_channel_id uuid) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT coalesce(json_agg(o.matrix_user_id), '[]')
            FROM (SELECT matrix_user_id FROM public.channel_members
                  WHERE channel_id = p_channel_id AND role = 'owner' AND left_at IS NULL AND joined_at IS NOT NULL
                      AND matrix_power_level < messaging.power_level('owner') ORDER BY id LIMIT 10) o);
END
$$;

-- Somebody's level as the homeserver has told it; NULL when it has told of none yet.
CREATE FUNCTION messaging.room_level(p_channel_id uuid, p_matrix_user_id text) RETURNS integer LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT coalesce((levels ->> p_matrix_user_id)::integer, default_level) FROM messaging.room_levels
            WHERE channel_id = p_channel_id);
END
$$;
