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

-- Whether the caller has banned or restricted so many people within a day who were never in the channel that no new one may
-- follow: each is a row that stays, and an id that anybody may invent.
CREATE FUNCTION messaging.notes_too_many(p_caller text, p_microdaos text[]) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN p_microdaos IS NOT NULL AND (SELECT count(*) FROM (
        SELECT FROM public.channel_members m WHERE m.noted_by = p_caller AND m.noted_at > now() - interval '1 day'
        LIMIT 100) noted) = 100;
END
$$;

-- A limit of 100 within a day that is reached, as its caller is told of it: p_oldest is when the first of them was.
CREATE FUNCTION messaging.day_limit(p_policy text, p_oldest timestamptz) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN json_build_object('policy', p_policy, 'quota', 100, 'seconds', 86400,
        'remaining', 0, 'more_in', greatest(ceil(extract(epoch FROM p_oldest + interval '1 day' - now())), 1)::bigint);
END
$$;

-- What somebody is told who has noted too many: when the oldest of the 100 was noted a day ago.
CREATE FUNCTION messaging.absent_limit(p_caller text) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN messaging.day_limit('absent', (SELECT m.noted_at FROM public.channel_members m
        WHERE m.noted_by = p_caller AND m.noted_at > now() - interval '1 day' ORDER BY m.noted_at DESC OFFSET 99 LIMIT 1));
END
$$;

-- What somebody is told who has invited too many: when the oldest of the 100 was invited a day ago.
CREATE FUNCTION messaging.invitation_limit(p_caller text) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
    oldest timestamptz;
BEGIN
    SELECT m.invited_at INTO oldest FROM public.channel_members m
    WHERE m.invited_by = p_caller AND m.invited_at > now() - interval '1 day' AND (m.joined_at IS NULL OR m.member_type = 'agent')
    ORDER BY m.invited_at DESC OFFSET 99 LIMIT 1;
    RETURN messaging.day_limit('invitations', oldest);
END
$$;
