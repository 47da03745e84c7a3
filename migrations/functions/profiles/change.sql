-- Changing one's own profile: prepare_profile_change before the homeserver is told, record_profile_change after.

-- The part of p_changes, the new value of each column, that differs from the profile.
CREATE FUNCTION messaging.profile_differences(p messaging.profiles, p_changes jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    present jsonb := jsonb_build_object('display_name', p.display_name, 'avatar_url', p.avatar_url);
BEGIN
    RETURN (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(p_changes)
            WHERE value IS DISTINCT FROM present -> key);
END
$$;

-- changes: what the homeserver has to be told; all of p_changes where nobody knows whether it has what was told before. Of two
-- changes at once nobody could say which one the homeserver took last, so the second one has to wait; the same one may go on.
-- p_is_own: the caller chooses for themselves, and no service of the platform, which has its own ways to bring content.
CREATE FUNCTION messaging.prepare_profile_change(
    p_caller text, p_changes jsonb, p_limits jsonb DEFAULT NULL, p_microdaos text[] DEFAULT NULL, p_is_own boolean DEFAULT true,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    p messaging.profiles;
    changes jsonb;
BEGIN
    SELECT * INTO p FROM messaging.profiles WHERE member_id = p_caller FOR NO KEY UPDATE;
    IF p.wanted <> p_changes AND messaging.is_under_way(p.wanted_at) THEN
        refusal := 'profile_being_changed';
        RETURN;
    END IF;
    changes := CASE WHEN p.wanted IS NULL THEN messaging.profile_differences(p, p_changes) ELSE p_changes END;
    IF changes <> '{}' THEN
        SELECT l.refusal, l.details INTO refusal, document FROM messaging.limit_refusal(p_caller, NULL, p_limits) l;
        IF refusal IS NOT NULL THEN
            RETURN;
        END IF;
        IF p_is_own THEN
            PERFORM messaging.note_picture(p_caller, p.avatar_url, changes ->> 'avatar_url', p_caller, p_microdaos);
        ELSE
            DELETE FROM messaging.unreadable_pictures WHERE holder_id = p_caller AND content_uri = changes ->> 'avatar_url';
        END IF;
        INSERT INTO messaging.profiles AS n (member_id, changed_at, wanted, wanted_at)
        VALUES (p_caller, '-infinity', p_changes, now())
        ON CONFLICT (member_id) DO UPDATE SET wanted = excluded.wanted, wanted_at = excluded.wanted_at
        -- Their first two at once have found no row to lock.
        WHERE n.wanted IS NULL OR n.wanted = p_changes OR NOT messaging.is_under_way(n.wanted_at);
        IF NOT FOUND THEN
            refusal := 'profile_being_changed';
            RETURN;
        END IF;
    END IF;
    document := json_build_object('changes', changes,
        'profile', messaging.profile_json(p_caller, p.display_name, p.avatar_url));
END
$$;

-- p_wanted is what was prepared, p_changes what of it the homeserver has taken, p_is_whole whether that is all. Where the same
-- change was recorded by somebody else already, there is nothing left to record.
CREATE FUNCTION messaging.record_profile_change(
    p_caller text, p_wanted jsonb, p_changes jsonb, p_is_whole boolean, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    before messaging.profiles;
    after messaging.profiles;
BEGIN
    SELECT * INTO before FROM messaging.profiles WHERE member_id = p_caller FOR NO KEY UPDATE;
    after := before;
    IF before.wanted = p_wanted THEN
        UPDATE messaging.profiles SET
            display_name = CASE WHEN p_changes ? 'display_name' THEN p_changes ->> 'display_name' ELSE display_name END,
            avatar_url = CASE WHEN p_changes ? 'avatar_url' THEN p_changes ->> 'avatar_url' ELSE avatar_url END,
            -- Name and picture are told to the rooms one after the other: what was said before it was all is older than this.
            changed_at = CASE WHEN p_changes = '{}' THEN changed_at ELSE greatest(changed_at, clock_timestamp()) END,
            told_by = CASE WHEN p_changes = '{}' THEN told_by END,
            wanted = CASE WHEN NOT p_is_whole THEN wanted END,
            wanted_at = CASE WHEN NOT p_is_whole THEN '-infinity'::timestamptz END
        WHERE member_id = p_caller RETURNING * INTO after;
        PERFORM messaging.publish_profile(before, after);
    END IF;
    document := messaging.profile_json(p_caller, after.display_name, after.avatar_url);
END
$$;
