-- Inviting: prepare_invite before the invitation is in Matrix, record_invite after.

-- Makes somebody an invited member with a role and capabilities; one who has joined already stays joined.
-- What p_details leaves open is as the role has it; reading and writing stay as they were for one who was here before.
-- The caller of this function holds the channel's row.
CREATE FUNCTION messaging.invite_member(
    ch public.channels, p_member_id text, p_member_type text, p_matrix_user_id text, p_inviter_id text, p_details jsonb,
    p_at timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    after public.channel_members;
    wanted jsonb := messaging.capabilities(p_details ->> 'role') || p_details;
BEGIN
    INSERT INTO public.channel_members AS m (channel_id, member_id, member_type, matrix_user_id, role, can_read, can_write,
        can_invite, can_kick, can_create_tasks, matrix_power_level, invited_by, invited_at, joined_at, matrix_changed_at, role_asked_at)
    VALUES (ch.id, p_member_id, p_member_type, p_matrix_user_id, wanted ->> 'role',
            coalesce((wanted ->> 'can_read')::boolean, true), coalesce((wanted ->> 'can_write')::boolean, true),
            (wanted ->> 'can_invite')::boolean, (wanted ->> 'can_kick')::boolean, (wanted ->> 'can_create_tasks')::boolean,
            messaging.level_of(wanted ->> 'role', coalesce((wanted ->> 'can_write')::boolean, true)), p_inviter_id, now(), NULL,
            p_at, p_at)
    ON CONFLICT (channel_id, member_id) DO UPDATE SET
        role = excluded.role,
        can_read = coalesce((wanted ->> 'can_read')::boolean, m.can_read),
        can_write = coalesce((wanted ->> 'can_write')::boolean, m.can_write),
        can_invite = excluded.can_invite, can_kick = excluded.can_kick, can_create_tasks = excluded.can_create_tasks,
        matrix_power_level = messaging.level_of(wanted ->> 'role', coalesce((wanted ->> 'can_write')::boolean, m.can_write)),
        invited_by = excluded.invited_by, invited_at = excluded.invited_at, via_microdao = false,
        joined_at = CASE WHEN m.left_at IS NULL THEN m.joined_at END, was_in = m.was_in OR m.joined_at IS NOT NULL, left_at = NULL, left_by = NULL, banned_at = NULL, banned_in_room = false,
        matrix_changed_at = greatest(m.matrix_changed_at, p_at), role_asked_at = p_at
    RETURNING * INTO after;
    PERFORM messaging.emit_member(ch, 'member.invited', p_inviter_id, after);
END
$$;

-- Under which key an invitation's Idempotency-Key is kept from its beginning.
CREATE FUNCTION messaging.begun_invite_key(p_channel_id uuid, p_client_key text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT 'begun invite ' || p_channel_id || ' ' || p_client_key
$$;

-- Whether somebody who was let invite may still do so, now that it is in Matrix: they may have been removed or demoted, and
-- the channel archived.
CREATE FUNCTION messaging.may_still_invite(
    ch public.channels, p_inviter_id text, p_microdaos text[], invitee public.channel_members, p_details jsonb
) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    inviter public.channel_members := messaging.membership(ch, p_inviter_id, p_microdaos);
BEGIN
    RETURN ch.archived_at IS NULL AND inviter.joined_at IS NOT NULL AND inviter.can_invite
        AND (inviter.can_kick OR invitee.banned_at IS NULL)
        AND (ch.is_direct AND ch.created_by = p_inviter_id
             OR messaging.rank(p_details ->> 'role') <= messaging.rank(inviter.role));
END
$$;

-- Whether the caller may invite, with this role and these capabilities. The power_level is null when the room has it.
-- is_in: they are in the room, and stay there whatever comes of this. must_unban: they are banned, and this lifts it. must_accept: they are only invited, and come when they join or write: who
-- is not known to the microDAO, or has left by themselves.
CREATE FUNCTION messaging.prepare_invite(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_member_id text, p_details jsonb, p_client_key text,
    p_fingerprint text, p_limits jsonb DEFAULT NULL, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    lookup record;
    ch public.channels;
    inviter public.channel_members;
    invitee public.channel_members;
    wanted jsonb;
    level integer;
    known messaging.idempotency_keys;
    begun messaging.idempotency_keys;
    member json;
BEGIN
    PERFORM messaging.settle_intents(p_channel_id);
    lookup := messaging.find_channel(p_caller, p_microdaos, p_channel_id, 'know');
    refusal := lookup.refusal;
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    ch := lookup.channel;
    known := messaging.known_request(p_caller, 'invite ' || p_channel_id, p_client_key);
    IF known.key IS NOT NULL THEN
        IF messaging.is_other_request(known.fingerprint, p_fingerprint) THEN
            refusal := 'idempotency_key_reused';
            RETURN;
        END IF;
        SELECT json_build_object('room_id', ch.matrix_room_id, 'member', messaging.member_json(m),
                                 'is_member', coalesce(known.status = 200, false)) INTO document
        FROM public.channel_members m WHERE m.id = known.resource;
        RETURN;
    END IF;
    SELECT * INTO begun FROM messaging.idempotency_keys
    WHERE caller = p_caller AND key = messaging.begun_invite_key(p_channel_id, p_client_key);
    IF messaging.is_other_request(begun.fingerprint, p_fingerprint) THEN
        refusal := 'idempotency_key_reused';
        RETURN;
    END IF;
    IF ch.archived_at IS NOT NULL THEN
        refusal := 'channel_archived';
        RETURN;
    END IF;
    inviter := messaging.membership(ch, p_caller, p_microdaos);
    IF inviter.joined_at IS NULL OR NOT inviter.can_invite THEN
        refusal := 'cannot_invite';
        RETURN;
    END IF;
    SELECT * INTO invitee FROM public.channel_members WHERE channel_id = p_channel_id AND member_id = p_member_id;
    -- Lifted by whoever could have made it.
    IF invitee.banned_at IS NOT NULL AND NOT inviter.can_kick THEN
        refusal := 'banned';
        RETURN;
    END IF;
    IF messaging.invites_too_many(p_caller, p_microdaos, p_member_id) THEN
        refusal := 'too_many_invitations';
        document := messaging.invitation_limit(p_caller);
        RETURN;
    END IF;
    wanted := messaging.capabilities(p_details ->> 'role') || p_details;
    IF messaging.cripples_owner(wanted ->> 'role', p_details) THEN
        refusal := 'owners_have_every_right';
        RETURN;
    END IF;
    -- Who opens a direct channel makes the other one its owner, an agent too.
    IF NOT (ch.is_direct AND ch.created_by = p_caller) AND (messaging.rank(wanted ->> 'role') > messaging.rank(inviter.role)
            OR (wanted ->> 'can_invite')::boolean AND NOT inviter.can_invite
            OR (wanted ->> 'can_kick')::boolean AND NOT inviter.can_kick
            OR (wanted ->> 'can_create_tasks')::boolean AND NOT inviter.can_create_tasks)
        -- Only a manager of the channel who has it lifts what was forbidden to a member who was here before.
        OR (wanted ->> 'can_write')::boolean AND NOT invitee.can_write
            AND (messaging.rank(inviter.role) < 2 OR NOT inviter.can_write)
        OR (wanted ->> 'can_read')::boolean AND NOT invitee.can_read
            AND (messaging.rank(inviter.role) < 2 OR NOT inviter.can_read) THEN
        refusal := 'cannot_grant';
        RETURN;
    END IF;
    IF invitee.joined_at IS NOT NULL AND invitee.left_at IS NULL THEN
        -- Asked for again: nothing to do. Asked for differently: that is a change, not an invitation.
        member := messaging.member_json(invitee);
        IF NOT member::jsonb @> p_details THEN
            refusal := 'already_a_member';
            RETURN;
        END IF;
        -- Who came through the microDAO is in for good when somebody else invites them.
        IF NOT invitee.via_microdao OR p_member_id = p_caller THEN
            -- Unless it is this very request that has made them one.
            PERFORM messaging.keep_request(p_caller, 'invite ' || p_channel_id, p_client_key, p_fingerprint, invitee.id,
                                           CASE WHEN begun.key IS NULL THEN 200 END);
            document := json_build_object('room_id', ch.matrix_room_id, 'member', member, 'is_member', begun.key IS NULL);
            RETURN;
        END IF;
    END IF;
    -- Whoever invites one of ours joins them: a direct channel cannot be put on somebody again who has left it. Somebody who is
    -- only in Matrix accepts, or does not.
    IF ch.is_direct AND invitee.left_at IS NOT NULL AND invitee.left_by = p_member_id AND invitee.member_type = 'human'
        AND invitee.member_id NOT LIKE '@%' THEN
        refusal := 'has_left';
        RETURN;
    END IF;
    IF ch.is_direct AND invitee.id IS NULL
        AND (SELECT count(*) FROM public.channel_members WHERE channel_id = p_channel_id) > 1 THEN
        refusal := 'direct_is_of_two';
        RETURN;
    END IF;
    level := messaging.level_of(p_details ->> 'role',
                                coalesce((p_details ->> 'can_write')::boolean, invitee.can_write, true));
    IF messaging.needs_level(p_channel_id, level, invitee.matrix_power_level)
        AND NOT messaging.has_room_for_level(p_channel_id, level) THEN
        refusal := 'too_many_levels';
        RETURN;
    END IF;
    IF messaging.is_being_removed(p_channel_id, p_member_id)
        OR messaging.is_changing_level(p_channel_id, p_member_id, level) THEN
        refusal := 'member_being_changed';
        RETURN;
    END IF;
    SELECT l.refusal, l.details INTO refusal, document
    FROM messaging.limit_refusal(p_caller, p_channel_id, p_limits) l;
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    -- Of two requests with one key at the same time, the first to get here is the one.
    IF p_client_key IS NOT NULL THEN
        INSERT INTO messaging.idempotency_keys AS k (caller, key, fingerprint, resource)
        VALUES (p_caller, messaging.begun_invite_key(p_channel_id, p_client_key), p_fingerprint, p_channel_id)
        ON CONFLICT (caller, key) DO UPDATE SET created_at = k.created_at RETURNING * INTO begun;
        IF messaging.is_other_request(begun.fingerprint, p_fingerprint) THEN
            refusal := 'idempotency_key_reused';
            RETURN;
        END IF;
    END IF;
    PERFORM messaging.set_intent(p_channel_id, 'invite', p_member_id, p_caller, p_details);
    document := json_build_object('room_id', ch.matrix_room_id,
        'power_level', CASE WHEN level <> coalesce(invitee.matrix_power_level, 0) THEN level END);
    IF ch.is_direct THEN
        document := document::jsonb || '{"is_direct": true}';
    END IF;
    IF invitee.banned_at IS NOT NULL THEN
        document := document::jsonb || '{"must_unban": true}';
    END IF;
    IF invitee.left_at IS NULL AND invitee.joined_at IS NOT NULL THEN
        document := document::jsonb || '{"is_in": true}';
    END IF;
    IF NOT messaging.is_known(ch, p_caller, p_microdaos, p_member_id)
        OR invitee.left_by = p_member_id AND invitee.left_at IS NOT NULL AND invitee.member_type = 'human' THEN
        document := document::jsonb || '{"must_accept": true}';
    END IF;
END
$$;

-- p_has_joined: the invited person is one of ours, and has joined in Matrix as well. Whom the homeserver has told to be out
-- of the room since they were invited stays out, unless it tells that the invitation came after that: the intent is for it.
-- A caller who has lost the right meanwhile is refused, and the invited person has to be taken out of the room again.
CREATE FUNCTION messaging.record_invite(
    p_channel_id uuid, p_caller text, p_member_id text, p_member_type text, p_matrix_user_id text, p_details jsonb,
    p_has_joined boolean, p_asked_at text, p_client_key text, p_fingerprint text, p_microdaos text[] DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    m public.channel_members;
    was_removed boolean;
    is_recorded boolean;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id FOR NO KEY UPDATE;
    SELECT * INTO m FROM public.channel_members WHERE channel_id = p_channel_id AND member_id = p_member_id;
    -- Without the intent the homeserver has told of the invitation already, and of the removal after it. A ban leaves the
    -- time of an earlier removal as it is.
    was_removed := m.left_at IS NOT NULL AND NOT EXISTS (
        SELECT FROM messaging.intents WHERE channel_id = p_channel_id AND act = 'invite' AND target_id = p_member_id
            AND actor_id = p_caller AND created_at >= greatest(m.left_at, m.banned_at));
    IF NOT was_removed THEN
        PERFORM messaging.take_intent(p_channel_id, 'invite', p_member_id, p_caller, false);
    END IF;
    -- The homeserver's push may have been faster and have written it all.
    is_recorded := m.id IS NOT NULL AND m.left_at IS NULL AND m.invited_by IS NOT DISTINCT FROM p_caller AND NOT m.via_microdao
        AND messaging.member_json(m)::jsonb @> p_details;
    -- The rule is asked again whoever came first, also when the homeserver's push has had them removed by it already.
    IF (NOT was_removed OR m.banned_at IS NULL) AND NOT messaging.may_still_invite(ch, p_caller, p_microdaos, m, p_details) THEN
        refusal := CASE WHEN ch.archived_at IS NULL THEN 'cannot_invite' ELSE 'channel_archived' END;
        RETURN;
    END IF;
    IF NOT was_removed AND NOT is_recorded THEN
        PERFORM messaging.invite_member(ch, p_member_id, p_member_type, p_matrix_user_id, p_caller, p_details,
                                        p_asked_at::timestamptz);
    END IF;
    IF p_has_joined AND NOT was_removed THEN
        PERFORM messaging.join_member(ch, p_member_id, p_member_type, p_matrix_user_id, p_asked_at::timestamptz);
    END IF;
    SELECT * INTO m FROM public.channel_members WHERE channel_id = p_channel_id AND member_id = p_member_id;
    PERFORM messaging.keep_request(p_caller, 'invite ' || p_channel_id, p_client_key, p_fingerprint, m.id);
    document := messaging.member_json(m);
END
$$;
