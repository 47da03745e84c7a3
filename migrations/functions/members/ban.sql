-- Banning: prepare_removal and record_removal with p_ban, an invitation lifts it, and what the homeserver tells of it. The
-- index decides, so that a ban holds on every way in, also behind a gateway that cannot ban and after a room's upgrade.

CREATE FUNCTION messaging.is_banned(p_channel_id uuid, p_member_id text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM public.channel_members
                   WHERE channel_id = p_channel_id AND member_id = p_member_id AND banned_at IS NOT NULL);
END
$$;

-- Bans somebody, a member or not; again is no event. p_in_room: the homeserver tells of it. The caller of this function
-- holds the channel's row.
CREATE FUNCTION messaging.ban_member(
    ch public.channels, p_member_id text, p_member_type text, p_matrix_user_id text, p_actor_id text, p_in_room boolean
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    before public.channel_members;
    after public.channel_members;
BEGIN
    SELECT * INTO before FROM public.channel_members WHERE channel_id = ch.id AND member_id = p_member_id;
    -- By the clock, because what came first while somebody waited for the channel's row is decided by these times.
    INSERT INTO public.channel_members AS m (channel_id, member_id, member_type, matrix_user_id, role, joined_at, left_at,
                                             left_by, banned_at, banned_in_room, noted_by, noted_at)
    VALUES (ch.id, p_member_id, p_member_type, p_matrix_user_id, messaging.default_role(p_member_type), NULL,
            clock_timestamp(), p_actor_id, clock_timestamp(), p_in_room, p_actor_id, now())
    ON CONFLICT (channel_id, member_id) DO UPDATE SET
        left_at = coalesce(m.left_at, excluded.left_at), banned_at = coalesce(m.banned_at, excluded.banned_at),
        left_by = CASE WHEN m.banned_at IS NULL THEN excluded.left_by ELSE m.left_by END,
        banned_in_room = m.banned_in_room OR p_in_room, matrix_power_level = least(m.matrix_power_level, 0)
    RETURNING * INTO after;
    IF before.banned_at IS NULL THEN
        PERFORM messaging.emit_member(ch, 'member.kicked', p_actor_id, after, '{"banned": true}',
            CASE WHEN before.left_at IS NULL AND before.joined_at IS NOT NULL THEN -1 ELSE 0 END);
    END IF;
END
$$;

-- Follows a ban, or the end of one, that the homeserver tells of: p_membership is 'ban' or 'leave'. p_is_ours: the removal
-- is one that the API has asked for as a ban, and the gateway could only remove. The end of a ban is a 'leave' as well: it
-- lifts one that the room had. The caller of this function holds the channel's row.
CREATE FUNCTION messaging.follow_ban(
    ch public.channels, before public.channel_members, p_member_id text, p_member_type text, p_matrix_user_id text,
    p_membership text, p_actor_id text, p_is_ours boolean
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF p_membership = 'ban' OR p_is_ours THEN
        PERFORM messaging.ban_member(ch, p_member_id, p_member_type, p_matrix_user_id, p_actor_id, p_membership = 'ban');
    ELSIF before.banned_in_room THEN
        UPDATE public.channel_members SET banned_at = NULL, banned_in_room = false WHERE id = before.id;
    END IF;
END
$$;

-- Whether an invitation in Matrix lifts a ban: one by a member who may remove others, as through the API.
CREATE FUNCTION messaging.lifts_ban(p_channel_id uuid, p_inviter_id text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM public.channel_members WHERE channel_id = p_channel_id AND member_id = p_inviter_id
                   AND left_at IS NULL AND joined_at IS NOT NULL AND can_kick);
END
$$;

-- Who is banned, by Matrix id, at most 100: a room that replaces another one need not know of them.
CREATE FUNCTION messaging.banned_matrix_ids(p_channel_id uuid) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT coalesce(json_agg(b.matrix_user_id), '[]') FROM (
        SELECT matrix_user_id FROM public.channel_members WHERE channel_id = p_channel_id AND banned_at IS NOT NULL
        ORDER BY banned_at DESC LIMIT 100) b);
END
$$;
