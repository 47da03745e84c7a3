-- Memberships as the homeserver tells them.

-- Somebody is in the room. Returns
--   'in'      in the channel as well;
--   'remove'  they may not be in, and have to be taken out of the room;
--   'ignore'  a stranger in the room of a channel that has ended;
--   'ban'     somebody whom the channel has banned.
-- Whoever comes through the API has noted it and is judged as there. Anybody else was let in by the room: invited, or
-- because it is open; into a direct channel only who is invited. An agent in an open room has only let itself in. One of
-- our users whose invitation to a closed room is not known here counts as come through the microDAO until it is. The
-- caller of this function holds the channel's row.
CREATE FUNCTION messaging.admit_pushed(
    ch public.channels, before public.channel_members, p_member_id text, p_member_type text, p_matrix_user_id text,
    p_at timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    intent messaging.intents;
    is_invited boolean := before.id IS NOT NULL AND before.left_at IS NULL;
BEGIN
    IF before.banned_at IS NOT NULL THEN
        RETURN 'ban';
    END IF;
    IF ch.archived_at IS NOT NULL AND NOT (is_invited AND before.joined_at IS NOT NULL) THEN
        RETURN CASE WHEN p_member_id LIKE '@%' THEN 'ignore' ELSE 'remove' END;
    END IF;
    IF NOT is_invited THEN
        SELECT * INTO intent FROM messaging.intents WHERE channel_id = ch.id AND act = 'join' AND target_id = p_member_id;
        IF FOUND THEN
            RETURN CASE WHEN messaging.admit(ch, p_member_id, p_member_type, p_matrix_user_id,
                (intent.details ->> 'has_claim')::boolean, p_at, true) IS NULL THEN 'in' ELSE 'remove' END;
        ELSIF p_member_type = 'agent' OR ch.is_direct THEN
            SELECT * INTO intent FROM messaging.intents WHERE channel_id = ch.id AND act = 'invite' AND target_id = p_member_id
                AND created_at > coalesce(before.left_at, '-infinity');
            IF NOT FOUND THEN
                RETURN 'remove';
            ELSIF intent.created_at < now() - interval '10 minutes' THEN
                IF NOT messaging.may_still_invite(ch, intent.actor_id, NULL, before, intent.details) THEN
                    RETURN 'remove';
                END IF;
                -- The invitation was carried out in Matrix, and its request was cut off before it was recorded.
                PERFORM messaging.take_intent(ch.id, 'invite', p_member_id, NULL, false);
                PERFORM messaging.invite_member(ch, p_member_id, p_member_type, p_matrix_user_id, intent.actor_id, intent.details, p_at);
            ELSIF p_member_type = 'agent' THEN
                -- The invitation is under way, and this came first: recording the invitation lets them in.
                RETURN 'in';
            END IF;
        END IF;
    END IF;
    PERFORM messaging.join_member(ch, p_member_id, p_member_type, p_matrix_user_id, p_at,
        p_member_id LIKE 'user:%' AND ch.visibility <> 'public' AND NOT ch.is_direct);
    RETURN 'in';
END
$$;

-- Takes an invitation as the homeserver tells it. Returns 'in', 'remove' where they have to be taken out of the room again, or
-- 'ban' where it is of somebody whom the channel has banned and lifts no ban.
CREATE FUNCTION messaging.invite_pushed(
    ch public.channels, before public.channel_members, p_member_id text, p_member_type text, p_matrix_user_id text,
    p_sender_id text, p_by_bot boolean, p_at timestamptz
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    intent messaging.intents;
BEGIN
    -- The bot has let in somebody who joins by themselves, and nobody has invited them since.
    IF p_by_bot AND EXISTS (SELECT FROM messaging.intents j WHERE j.channel_id = ch.id AND j.act = 'join'
                            AND j.target_id = p_member_id
                            AND NOT EXISTS (SELECT FROM messaging.intents i WHERE i.channel_id = ch.id AND i.act = 'invite'
                                            AND i.target_id = p_member_id AND i.created_at > j.created_at)) THEN
        RETURN 'in';
    END IF;
    intent := messaging.take_intent(ch.id, 'invite', p_member_id, p_sender_id, p_by_bot);
    IF NOT p_by_bot OR intent.actor_id IS NOT NULL THEN
        -- An intent says that its actor may lift a ban only where it is newer than the ban.
        IF before.banned_at IS NOT NULL AND (intent.actor_id IS NULL OR intent.created_at < before.banned_at)
            AND NOT messaging.lifts_ban(ch.id, coalesce(intent.actor_id, p_sender_id)) THEN
            RETURN 'ban';
        END IF;
        -- The bot has invited for somebody who may not any more.
        IF p_by_bot AND NOT messaging.may_still_invite(ch, intent.actor_id, NULL, before, intent.details) THEN
            RETURN 'remove';
        END IF;
        PERFORM messaging.invite_member(ch, p_member_id, p_member_type, p_matrix_user_id,
            coalesce(intent.actor_id, p_sender_id),
            coalesce(intent.details, jsonb_build_object('role', messaging.default_role(p_member_type))), p_at);
    END IF;
    RETURN 'in';
END
$$;

-- Somebody is out of the room since p_at; p_by says who brought it about. A level of before that is told later is not theirs
-- when they come back. The caller of this function holds the channel's row.
CREATE FUNCTION messaging.remove_pushed(
    ch public.channels, p_member_id text, p_member_type text, p_matrix_user_id text, p_by text, p_at timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM messaging.remove_member(ch, p_member_id, p_by);
    UPDATE public.channel_members SET matrix_power_level = least(matrix_power_level, 0),
        role_asked_at = greatest(role_asked_at, p_at)
    WHERE channel_id = ch.id AND member_id = p_member_id;
    -- Remembered, so that an older invitation that comes late lets nobody in. Who was erased is not.
    INSERT INTO public.channel_members (channel_id, member_id, member_type, matrix_user_id, role, joined_at, left_at, left_by)
    SELECT ch.id, p_member_id, p_member_type, p_matrix_user_id, messaging.default_role(p_member_type), NULL, now(), p_by
    WHERE NOT messaging.was_erased(p_matrix_user_id)
    ON CONFLICT (channel_id, member_id) DO NOTHING;
    -- Whatever else was to become of the membership has no object any more.
    DELETE FROM messaging.intents WHERE channel_id = ch.id AND act IN ('remove', 'role') AND target_id = p_member_id;
    PERFORM messaging.appoint_owner(ch, p_member_id, p_by);
END
$$;

-- A membership as the homeserver tells it. p_sender_id is the user who brought it about; p_by_bot says that this is our
-- bot, which acts for somebody else, and also invites by itself whoever may join a closed room.
--
-- p_profile: the member's name and picture as the event of a join has them, {"display_name", "avatar_url"}.
--
-- drop_power_level: the member is gone, and their level still waits in the room for them to come back. It must not.
-- must_remove: somebody is in the room and may not be in the channel; they have to be taken out.
-- must_ban: somebody whom the channel has banned has got into the room; it has to ban them as well.
-- must_raise: owners who do not have an owner's power level in the room, by Matrix id. They have to get it.
-- ask_version: the homeserver has to be asked for the membership, which is then told with this p_version.
CREATE FUNCTION messaging.record_membership(
    p_room_id text, p_member_id text, p_member_type text, p_matrix_user_id text, p_membership text, p_sender_id text,
    p_by_bot boolean, p_changed_at text, p_event_id text DEFAULT NULL, p_order text DEFAULT 'clock', p_version text DEFAULT NULL,
    p_profile jsonb DEFAULT NULL, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    before public.channel_members;
    profile record;
    intent messaging.intents;
    is_out boolean := p_membership IN ('leave', 'ban');
    admitted text := 'in';
    -- Another server may say any time it likes; nothing has happened in the future.
    changed timestamptz := least(p_changed_at::timestamptz, now());
    version text;
    judgement text;
BEGIN
    ch := messaging.lock_room(p_room_id);
    IF ch.id IS NULL THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    SELECT * INTO before FROM public.channel_members WHERE channel_id = ch.id AND member_id = p_member_id;
    version := messaging.state_version(before.matrix_changed_at, before.matrix_event_id);
    judgement := messaging.judge_state(before.matrix_changed_at, before.matrix_event_id, version, changed, p_event_id, p_order, p_version);
    IF judgement = 'follow' AND before.id IS NULL AND NOT is_out AND messaging.was_erased_since(p_matrix_user_id, changed) THEN
        admitted := 'ignore';
    ELSIF judgement = 'follow' THEN
        IF p_membership = 'join' AND p_profile IS NOT NULL THEN
            -- First, so that the event of the join has the name.
            profile := messaging.follow_profile(ch, p_member_id, p_profile ->> 'display_name', p_profile ->> 'avatar_url',
                changed, true);
            PERFORM messaging.publish_profile(profile.before, profile.after);
        END IF;
        IF p_membership = 'join' THEN
            admitted := messaging.admit_pushed(ch, before, p_member_id, p_member_type, p_matrix_user_id, changed);
        ELSIF p_membership = 'invite' AND (before.id IS NULL OR before.left_at IS NOT NULL) THEN
            admitted := messaging.invite_pushed(ch, before, p_member_id, p_member_type, p_matrix_user_id, p_sender_id, p_by_bot, changed);
        ELSIF is_out THEN
            intent := messaging.take_intent(ch.id, 'remove', p_member_id, p_sender_id, p_by_bot);
            PERFORM messaging.follow_ban(ch, before, p_member_id, p_member_type, p_matrix_user_id, p_membership,
                coalesce(intent.actor_id, p_sender_id), coalesce((intent.details ->> 'ban')::boolean, false));
            PERFORM messaging.remove_pushed(ch, p_member_id, p_member_type, p_matrix_user_id, coalesce(intent.actor_id, p_sender_id),
                changed);
        END IF;
        IF admitted = 'in' THEN
            UPDATE public.channel_members
            SET matrix_changed_at = messaging.state_time(before.matrix_changed_at, changed), matrix_event_id = p_event_id
            WHERE channel_id = ch.id AND member_id = p_member_id;
        END IF;
    END IF;
    document := json_build_object(
        'drop_power_level', is_out AND judgement IN ('follow', 'repeat') AND (
            coalesce(before.left_at IS NULL AND before.matrix_power_level > 0, false)
            OR coalesce(messaging.room_level(ch.id, p_matrix_user_id), 0) > 0),
        'must_remove', admitted = 'remove',
        'must_ban', admitted = 'ban',
        'must_raise', CASE WHEN is_out THEN messaging.powerless_owners(ch.id) ELSE '[]' END,
        'ask_version', CASE WHEN judgement = 'ask' THEN version END);
END
$$;
