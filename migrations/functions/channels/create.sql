-- Creating a channel: reserve_channel before the room is made, record_channel after.

-- Reserves the slug, and the alias that goes with it, for a caller who may create the channel. A request that was carried
-- out before gets its channel. p_other_id: with whom a direct channel is opened; they are invited into it.
CREATE FUNCTION messaging.reserve_channel(
    p_caller text, p_microdaos text[], p_microdao_id text, p_slug text, p_is_direct boolean, p_client_key text,
    p_fingerprint text, p_visibility text DEFAULT 'microdao', p_other_id text DEFAULT NULL,
    p_limits jsonb DEFAULT NULL, p_avatar_url text DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    known messaging.idempotency_keys;
    taken public.channels;
    m public.channel_members;
    reserved uuid;
    is_mine boolean;
    must_reopen boolean := false;
    composed text := CASE WHEN NOT p_is_direct THEN messaging.compose_alias(p_slug, p_microdao_id, p_visibility) END;
BEGIN
    IF p_microdaos IS NOT NULL AND NOT p_microdao_id = ANY (p_microdaos) THEN
        refusal := 'not_in_microdao';
        RETURN;
    END IF;
    -- Whoever makes a channel owns it, and an agent owns none.
    IF p_caller LIKE 'agent:%' AND NOT p_is_direct THEN
        refusal := 'agents_make_no_channels';
        RETURN;
    END IF;
    known := messaging.known_request(p_caller, 'channel', p_client_key);
    IF messaging.is_other_request(known.fingerprint, p_fingerprint) THEN
        refusal := 'idempotency_key_reused';
        RETURN;
    END IF;
    -- A direct channel is found again below, with whatever is left to do.
    IF known.key IS NOT NULL AND NOT p_is_direct THEN
        -- What came of it, as long as they may know of it: who was removed since is told nothing.
        SELECT * INTO taken FROM public.channels WHERE id = known.resource;
        IF messaging.access(taken, p_caller, p_microdaos) = 'none' THEN
            refusal := 'channel_not_found';
        ELSE
            document := json_build_object('channel', messaging.channel_json(taken), 'is_archived', false,
                'must_return', false);
        END IF;
        RETURN;
    END IF;
    SELECT * INTO taken FROM public.channels WHERE microdao_id = p_microdao_id AND slug = p_slug;
    IF FOUND THEN
        -- A direct channel's slug comes from its pair, so this is the one they have.
        IF NOT (p_is_direct AND taken.is_direct) THEN
            refusal := 'slug_taken';
            RETURN;
        END IF;
        SELECT * INTO m FROM public.channel_members WHERE channel_id = taken.id AND member_id = p_caller;
        -- A late retry does not undo that it was archived since.
        IF taken.archived_at IS NOT NULL AND messaging.may_reopen_direct(taken, m)
            AND (known.key IS NULL OR taken.archived_at < known.created_at) THEN
            SELECT * INTO taken FROM public.channels WHERE id = taken.id FOR NO KEY UPDATE;
            SELECT i.refusal, i.details INTO refusal, document FROM messaging.intend_reopening(taken, p_caller, p_limits) i;
            IF refusal IS NOT NULL THEN
                RETURN;
            END IF;
            must_reopen := taken.archived_at IS NOT NULL;
        END IF;
        -- Both have opened it at once, and the other one is about to bring the caller in.
        IF m.id IS NULL AND messaging.is_under_way(taken.created_at) THEN
            refusal := 'being_created';
            RETURN;
        END IF;
        IF m.left_at IS NOT NULL AND (taken.archived_at IS NULL OR must_reopen) THEN
            SELECT rule.refusal INTO refusal
            FROM messaging.join_rule(messaging.without_archive(taken), m, p_caller, true) rule;
            IF refusal IS NOT NULL THEN
                RETURN;
            END IF;
            PERFORM messaging.intend_join(taken, p_caller, p_microdaos);
        END IF;
        PERFORM messaging.keep_request(p_caller, 'channel', p_client_key, p_fingerprint, taken.id);
        document := json_build_object(
            'channel', messaging.channel_json(taken), 'is_archived', taken.archived_at IS NOT NULL,
            'must_reopen', must_reopen, 'must_return', m.left_at IS NOT NULL,
            'power_level', messaging.level_of(CASE WHEN m.can_read AND m.can_write THEN 'owner' ELSE 'member' END,
                                              coalesce(m.can_write, true)));
        RETURN;
    END IF;
    -- Before there is a room: it would stay without a second member.
    IF messaging.invites_too_many(p_caller, p_microdaos, p_other_id) THEN
        refusal := 'too_many_invitations';
        document := messaging.invitation_limit(p_caller);
        RETURN;
    END IF;
    IF composed IS NOT NULL THEN
        refusal := messaging.alias_refusal(composed, p_microdao_id, p_slug);
        IF refusal IS NOT NULL THEN
            RETURN;
        END IF;
    END IF;
    SELECT r.caller = p_caller AND NOT messaging.is_other_request(r.fingerprint, p_fingerprint) INTO is_mine
    FROM messaging.channel_reservations r
    WHERE r.microdao_id = p_microdao_id AND r.slug = p_slug AND r.reserved_at >= now() - interval '2 minutes';
    IF NOT is_mine THEN
        refusal := 'being_created';
        RETURN;
    ELSIF is_mine IS NULL THEN
        SELECT l.refusal, l.details INTO refusal, document FROM messaging.limit_refusal(p_caller, NULL, p_limits) l;
        IF refusal IS NOT NULL THEN
            RETURN;
        END IF;
    END IF;
    -- The same request again goes on with the same channel. Another one, the caller's own too, waits until the holder has or
    -- must have given up: of different requests at once one wins.
    INSERT INTO messaging.channel_reservations AS r (microdao_id, slug, channel_id, caller, fingerprint)
    VALUES (p_microdao_id, p_slug, gen_random_uuid(), p_caller, p_fingerprint)
    ON CONFLICT (microdao_id, slug) DO UPDATE SET
        channel_id = CASE WHEN r.caller = excluded.caller AND NOT messaging.is_other_request(r.fingerprint, excluded.fingerprint)
                          THEN r.channel_id ELSE excluded.channel_id END,
        caller = excluded.caller, fingerprint = excluded.fingerprint, reserved_at = now()
        WHERE r.caller = excluded.caller AND NOT messaging.is_other_request(r.fingerprint, excluded.fingerprint)
            OR r.reserved_at < now() - interval '2 minutes'
    RETURNING r.channel_id INTO reserved;
    IF reserved IS NULL THEN
        refusal := 'being_created';
        RETURN;
    END IF;
    -- Whoever else has reserved the alias must have given up.
    DELETE FROM messaging.channel_reservations WHERE alias_name = composed AND channel_id <> reserved;
    UPDATE messaging.channel_reservations SET alias_name = composed
    WHERE channel_id = reserved AND alias_name IS DISTINCT FROM composed;
    PERFORM messaging.note_picture(reserved::text, NULL, p_avatar_url, p_caller, p_microdaos);
    document := json_build_object('channel_id', reserved);
END
$$;

-- The room could not be made: another request may take the slug at once. The same one goes on where this one has ended.
CREATE FUNCTION messaging.give_up_channel(p_channel_id uuid, OUT refusal messaging.refusal, OUT document json)
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE messaging.channel_reservations SET reserved_at = now() - interval '3 minutes' WHERE channel_id = p_channel_id;
END
$$;

-- p_has_alias: the room has got the alias that was reserved.
CREATE FUNCTION messaging.record_channel(
    p_channel_id uuid, p_caller text, p_caller_type text, p_caller_matrix_id text, p_room_id text, p_fields jsonb,
    p_client_key text, p_fingerprint text, p_has_alias boolean DEFAULT true, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    held boolean;
    known messaging.idempotency_keys;
    reserved_alias text;
BEGIN
    DELETE FROM messaging.channel_reservations
    WHERE microdao_id = p_fields ->> 'microdao_id' AND slug = p_fields ->> 'slug' AND channel_id = p_channel_id
    RETURNING alias_name INTO reserved_alias;
    held := FOUND;
    -- Two different requests with one key at the same time: the second to get here is the error.
    known := messaging.known_request(p_caller, 'channel', p_client_key);
    IF messaging.is_other_request(known.fingerprint, p_fingerprint) THEN
        refusal := 'idempotency_key_reused';
        RETURN;
    END IF;
    IF NOT held THEN
        -- The same request, running twice, was faster the other time; or somebody else has taken over.
        SELECT * INTO ch FROM public.channels WHERE id = p_channel_id;
        IF FOUND THEN
            document := messaging.channel_json(ch);
        ELSE
            refusal := 'being_created';
        END IF;
        RETURN;
    END IF;
    -- A room that was a channel's before an upgrade is that channel's still.
    IF messaging.channel_of_room(p_room_id) IS NOT NULL THEN
        refusal := 'slug_taken';
        RETURN;
    END IF;
    INSERT INTO public.channels (id, slug, name, description, microdao_id, matrix_room_id, visibility, is_direct,
                                 is_encrypted, topic, avatar_url, created_by, alias_name, member_count, active_at,
                                 indexed_active_at)
    VALUES (p_channel_id, p_fields ->> 'slug', p_fields ->> 'name', p_fields ->> 'description',
            p_fields ->> 'microdao_id', p_room_id, p_fields ->> 'visibility',
            coalesce((p_fields ->> 'is_direct')::boolean, false), coalesce((p_fields ->> 'is_encrypted')::boolean, false),
            p_fields ->> 'topic', p_fields ->> 'avatar_url', p_caller, CASE WHEN p_has_alias THEN reserved_alias END,
            -- Whoever makes it is in.
            1, now(), now())
    ON CONFLICT DO NOTHING
    RETURNING * INTO ch;
    IF ch.id IS NULL THEN
        refusal := 'slug_taken';
        RETURN;
    END IF;
    INSERT INTO public.channel_members (channel_id, member_id, member_type, matrix_user_id, role, can_invite, can_kick,
                                        can_create_tasks, matrix_power_level)
    VALUES (ch.id, p_caller, p_caller_type, p_caller_matrix_id, CASE p_caller_type WHEN 'agent' THEN 'agent' ELSE 'owner' END,
            -- An agent brings the other one into its direct channel, and that one owns it.
            true, p_caller_type <> 'agent', p_caller_type <> 'agent',
            messaging.power_level(CASE p_caller_type WHEN 'agent' THEN 'agent' ELSE 'owner' END));
    PERFORM messaging.begin_reading(ch.id, p_caller);
    PERFORM messaging.keep_request(p_caller, 'channel', p_client_key, p_fingerprint, ch.id);
    document := messaging.channel_json(ch);
    PERFORM messaging.audit(ch.id, 'channel.created', p_caller, NULL, jsonb_build_object('visibility', ch.visibility));
    PERFORM messaging.emit(ch, 'messaging.channel.created', jsonb_build_object(
        'matrix_room_id', ch.matrix_room_id, 'created_by', ch.created_by, 'visibility', ch.visibility,
        'channel', document));
    PERFORM messaging.publish(ch, 1, 'integration.matrix.room.created', jsonb_build_object(
        'room_id', ch.matrix_room_id, 'sender_matrix_id', p_caller_matrix_id, 'type', 'm.room.create',
        'timestamp', (extract(epoch FROM ch.created_at) * 1000)::bigint, 'content', '{}'::jsonb));
END
$$;
