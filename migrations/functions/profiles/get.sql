-- Reading a profile.

CREATE FUNCTION messaging.profile_json(p_member_id text, p_display_name text, p_avatar_url text) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT json_build_object('member_id', p_member_id,
        'member_type', CASE WHEN p_member_id LIKE 'agent:%' THEN 'agent' ELSE 'human' END,
        'display_name', p_display_name, 'avatar_url', p_avatar_url)
$$;

-- Whether a caller may know somebody: they are, or were, in a channel that the caller may know of (messaging.access, written
-- for the indexes), so the caller sees their name there as well. Whoever is only invited or banned was never in: anybody can
-- bring that about for somebody whom they do not know.
CREATE FUNCTION messaging.is_known_to(p_caller text, p_microdaos text[], p_member_id text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF p_caller = 'service:internal' THEN
        RETURN EXISTS (SELECT FROM public.channel_members m WHERE m.member_id = p_member_id AND (m.joined_at IS NOT NULL OR m.was_in));
    END IF;
    RETURN p_member_id = p_caller OR EXISTS (
        SELECT FROM public.channel_members m JOIN public.channels ch ON ch.id = m.channel_id
        WHERE m.member_id = p_member_id AND (m.joined_at IS NOT NULL OR m.was_in) AND (
            ch.visibility = 'public'
            OR ch.visibility = 'microdao' AND NOT ch.is_direct AND messaging.has_claim(p_microdaos, ch.microdao_id)
            OR EXISTS (SELECT FROM public.channel_members c
                       WHERE c.channel_id = m.channel_id AND c.member_id = p_caller AND c.left_at IS NULL
                           AND (NOT c.via_microdao OR messaging.has_claim(p_microdaos, ch.microdao_id)))));
END
$$;

-- Somebody who has chosen nothing has a profile without name and picture.
CREATE FUNCTION messaging.get_profile(
    p_caller text, p_microdaos text[], p_member_id text, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    p messaging.profiles;
BEGIN
    IF NOT messaging.is_known_to(p_caller, p_microdaos, p_member_id) THEN
        refusal := 'member_not_found';
        RETURN;
    END IF;
    SELECT * INTO p FROM messaging.profiles WHERE member_id = p_member_id;
    document := messaging.profile_json(p_member_id, p.display_name, p.avatar_url);
END
$$;
