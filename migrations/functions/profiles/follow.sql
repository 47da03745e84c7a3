-- Profiles as rooms tell them (m.room.member), and who is told of a change.

-- Tells the channels that somebody is in of their new name or picture, if it is one: the 100 channels in which something was
-- said last, of the 1,000 that they came to last. Nothing is numbered or stored, so that one change costs no event in each of
-- many channels: whoever reads a channel again sees the name in any case.
CREATE FUNCTION messaging.publish_profile(p_before messaging.profiles, p_after messaging.profiles) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
BEGIN
    IF (p_before.display_name, p_before.avatar_url) IS NOT DISTINCT FROM (p_after.display_name, p_after.avatar_url) THEN
        RETURN;
    END IF;
    FOR ch IN
        SELECT c.* FROM (
            SELECT m.channel_id FROM public.channel_members m
            WHERE m.member_id = p_after.member_id AND m.left_at IS NULL AND m.joined_at IS NOT NULL
            ORDER BY m.joined_at DESC LIMIT 1000) own
        JOIN public.channels c ON c.id = own.channel_id AND c.archived_at IS NULL
        ORDER BY messaging.place_of_channel(c, true) DESC LIMIT 100
    LOOP
        PERFORM messaging.publish_ephemeral(ch, 'profile.updated', jsonb_build_object('member_id', p_after.member_id,
            'display_name', p_after.display_name, 'avatar_url', p_after.avatar_url));
    END LOOP;
END
$$;

-- What the room of a channel says of one of its members, at p_at. A person has one profile: of what one room says its order
-- counts (p_is_ordered: this is known to be what the room has last), between rooms the later word does.
CREATE FUNCTION messaging.follow_profile(
    ch public.channels, p_member_id text, p_display_name text, p_avatar_url text, p_at timestamptz, p_is_ordered boolean,
    OUT before messaging.profiles, OUT after messaging.profiles
) LANGUAGE plpgsql AS $$
DECLARE
    name text := p_display_name;
BEGIN
    SELECT * INTO before FROM messaging.profiles WHERE member_id = p_member_id FOR NO KEY UPDATE;
    -- The homeserver calls our own users by their ids until they have chosen a name: by those of here, or by its own.
    IF p_member_id NOT LIKE '@%' AND name IN (split_part(p_member_id, ':', 2), replace(p_member_id, ':', '-'))
        AND name IS DISTINCT FROM before.display_name THEN
        name := NULL;
    END IF;
    INSERT INTO messaging.profiles AS p (member_id, display_name, avatar_url, changed_at, told_by)
    VALUES (p_member_id, name, p_avatar_url, p_at, ch.id)
    ON CONFLICT (member_id) DO UPDATE SET display_name = excluded.display_name, avatar_url = excluded.avatar_url,
        changed_at = messaging.state_time(p.changed_at, excluded.changed_at), told_by = excluded.told_by
    WHERE excluded.changed_at > p.changed_at OR p_is_ordered AND p.told_by = ch.id AND excluded.changed_at <> p.changed_at
    RETURNING * INTO after;
    after := CASE WHEN FOUND THEN after ELSE before END;
END
$$;

-- What a room's member list says of those who are in the channel: [{"member_id", "display_name", "avatar_url", "changed_at"}].
-- Nobody is told: it may be a whole room's names at once.
CREATE FUNCTION messaging.follow_profiles(
    p_room_id text, p_members jsonb, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    told record;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE matrix_room_id = p_room_id;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    FOR told IN
        SELECT t.member_id, t.display_name, t.avatar_url, least(t.changed_at, now()) AS changed_at
        FROM jsonb_to_recordset(p_members) AS t (member_id text, display_name text, avatar_url text, changed_at timestamptz)
        CROSS JOIN LATERAL (
            SELECT FROM public.channel_members m WHERE m.channel_id = ch.id AND m.member_id = t.member_id
                AND m.joined_at IS NOT NULL AND m.left_at IS NULL LIMIT 1) member
        LEFT JOIN LATERAL (SELECT * FROM messaging.profiles n WHERE n.member_id = t.member_id LIMIT 1) p ON true
        WHERE p.changed_at IS NULL
            OR p.changed_at < least(t.changed_at, now())
                AND (p.display_name, p.avatar_url) IS DISTINCT FROM (t.display_name, t.avatar_url)
        -- Two at once lock them in the same order.
        ORDER BY t.member_id
    LOOP
        PERFORM messaging.follow_profile(ch, told.member_id, told.display_name, told.avatar_url, told.changed_at, false);
    END LOOP;
END
$$;
