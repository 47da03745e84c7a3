-- Whom an invitation brings in at once, and whom it only invites. The platform has no directory, so the index decides.

-- Whether the caller may bring somebody into the channel without their asking: an agent, anybody in development mode
-- (p_microdaos is NULL), and a person who is known: a member of a channel of the microDAO, or of a closed channel of which
-- the caller is a member too. A public one of another microDAO makes nobody known, since strangers come in by themselves
-- there.
CREATE FUNCTION messaging.is_known(ch public.channels, p_caller text, p_microdaos text[], p_member_id text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN p_microdaos IS NULL OR p_member_id LIKE 'agent:%' OR EXISTS (
        SELECT FROM public.channel_members m JOIN public.channels c ON c.id = m.channel_id
        WHERE m.member_id = p_member_id AND m.left_at IS NULL AND m.joined_at IS NOT NULL
            AND (c.microdao_id = ch.microdao_id OR c.visibility <> 'public' AND EXISTS (
                SELECT FROM public.channel_members mine WHERE mine.channel_id = c.id AND mine.member_id = p_caller
                    AND mine.left_at IS NULL AND mine.joined_at IS NOT NULL)));
END
$$;

-- Whether the caller has invited so many ids within a day that no new one may follow: 100 persons who have not come, and
-- agents. For each new id a Matrix account is made, and a typo may be somebody's id later.
CREATE FUNCTION messaging.invites_too_many(p_caller text, p_microdaos text[], p_member_id text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN p_microdaos IS NOT NULL AND p_member_id NOT LIKE '@%'
        AND NOT EXISTS (SELECT FROM public.channel_members WHERE member_id = p_member_id AND left_at IS NULL)
        AND (SELECT count(*) FROM (
            SELECT FROM public.channel_members m WHERE m.invited_by = p_caller AND m.invited_at > now() - interval '1 day'
                AND (m.joined_at IS NULL OR m.member_type = 'agent') LIMIT 100) outstanding) = 100;
END
$$;

-- What they are told of it: when the oldest of the 100 was invited a day ago.
CREATE FUNCTION messaging.invitation_limit(p_caller text) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
    oldest timestamptz;
BEGIN
    SELECT m.invited_at INTO oldest FROM public.channel_members m
    WHERE m.invited_by = p_caller AND m.invited_at > now() - interval '1 day' AND (m.joined_at IS NULL OR m.member_type = 'agent')
    ORDER BY m.invited_at DESC OFFSET 99 LIMIT 1;
    RETURN json_build_object('policy', 'invitations', 'quota', 100, 'seconds', 86400,
        'remaining', 0, 'more_in', greatest(ceil(extract(epoch FROM oldest + interval '1 day' - now())), 1)::bigint);
END
$$;
