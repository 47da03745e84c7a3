-- Who may see, read, write and manage a channel.
--
-- In all of functions/: a function that a component calls is one statement of a request. It decides, reads or writes, and
-- returns a refusal or a document; both are NULL where there is nothing to say. A refusal of a list_, get_ or prepare_
-- function changes nothing; a record_ function tells of what has happened in Matrix already and keeps what it learned.
-- Times come in as RFC 3339 text, because a Spin host has no parameter of PostgreSQL's type timestamptz. p_caller is the
-- caller's id, p_microdaos the microDAOs of their token, NULL for every one (development mode).

-- Whether a token with these microDAOs names this one.
CREATE FUNCTION messaging.has_claim(p_microdaos text[], p_microdao_id text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT p_microdaos IS NULL OR p_microdao_id = ANY (p_microdaos)
$$;

-- The caller's membership, joined or invited, if it counts: one that came about through the microDAO counts only together
-- with the claim.
CREATE FUNCTION messaging.membership(ch public.channels, p_caller text, p_microdaos text[]) RETURNS public.channel_members
LANGUAGE plpgsql STABLE AS $$
DECLARE
    m public.channel_members;
BEGIN
    SELECT * INTO m FROM public.channel_members c
    WHERE c.channel_id = ch.id AND c.member_id = p_caller AND c.left_at IS NULL
        AND (NOT c.via_microdao OR messaging.has_claim(p_microdaos, ch.microdao_id));
    RETURN m;
END
$$;

-- What a caller may do with a channel at least: nothing ('none': they may not even know of it), know of it
-- ('knows'), or read it ('reads'). An anonymous caller (NULL) reads public channels, the platform's own service
-- ('service:internal', which no token can name) every one. Agents hold no keys, so an encrypted channel has nothing
-- for them to read. list_channels and messaging.reads have the same rule, written for the indexes.
CREATE FUNCTION messaging.access(ch public.channels, p_caller text, p_microdaos text[]) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    access text;
BEGIN
    IF ch.id IS NULL THEN
        RETURN 'none';
    END IF;
    IF ch.visibility = 'public' OR p_caller = 'service:internal' THEN
        access := 'reads';
    ELSIF p_caller IS NULL THEN
        RETURN 'none';
    ELSIF ch.visibility = 'microdao' AND NOT ch.is_direct
        AND messaging.has_claim(p_microdaos, ch.microdao_id) THEN
        -- Whoever is banned knows of the channel as before.
        access := CASE WHEN messaging.is_banned(ch.id, p_caller) THEN 'knows' ELSE 'reads' END;
    ELSE
        SELECT CASE WHEN m.can_read THEN 'reads' ELSE 'knows' END INTO access FROM public.channel_members m
        WHERE m.channel_id = ch.id AND m.member_id = p_caller AND m.left_at IS NULL
            AND (NOT m.via_microdao OR messaging.has_claim(p_microdaos, ch.microdao_id));
    END IF;
    IF access = 'reads' AND ch.is_encrypted AND p_caller LIKE 'agent:%' THEN
        RETURN 'knows';
    END IF;
    RETURN coalesce(access, 'none');
END
$$;

-- The channel, for a caller who may know of it (p_need 'know') or read it ('read').
CREATE FUNCTION messaging.find_channel(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_need text,
    OUT refusal messaging.refusal, OUT channel public.channels
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT * INTO channel FROM public.channels WHERE id = p_channel_id;
    CASE messaging.access(channel, p_caller, p_microdaos)
        WHEN 'reads' THEN NULL;
        WHEN 'knows' THEN
            IF p_need = 'read' THEN
                refusal := 'cannot_read';
            END IF;
        ELSE refusal := 'channel_not_found';
    END CASE;
END
$$;

-- A message, for a caller who may know of its channel or read it, as of find_channel.
CREATE FUNCTION messaging.find_message(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_message_id uuid, p_need text,
    OUT refusal messaging.refusal, OUT channel public.channels, OUT message public.messages
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    lookup record;
BEGIN
    lookup := messaging.find_channel(p_caller, p_microdaos, p_channel_id, p_need);
    refusal := lookup.refusal;
    channel := lookup.channel;
    IF refusal IS NULL THEN
        SELECT * INTO message FROM public.messages WHERE id = p_message_id AND channel_id = p_channel_id;
        IF NOT FOUND THEN
            refusal := 'message_not_found';
        END IF;
    END IF;
END
$$;

-- For relays of earlier versions.
CREATE FUNCTION messaging.may_read(p_caller text, p_microdaos text[], p_channel_id uuid) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
    ch public.channels;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id;
    RETURN messaging.access(ch, p_caller, p_microdaos) = 'reads';
END
$$;

-- The refusal of a caller who may not write, or NULL; and whether they have to join before they write. must_join is
-- NULL for a caller who may not know of the channel.
CREATE FUNCTION messaging.writer(
    ch public.channels, p_caller text, p_microdaos text[], OUT refusal messaging.refusal, OUT must_join boolean
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    m public.channel_members;
BEGIN
    IF messaging.access(ch, p_caller, p_microdaos) = 'none' THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    SELECT * INTO m FROM public.channel_members WHERE channel_id = ch.id AND member_id = p_caller;
    must_join := m.id IS NULL OR m.left_at IS NOT NULL OR m.joined_at IS NULL;
    IF ch.archived_at IS NOT NULL THEN
        refusal := 'channel_archived';
    -- Members who lost can_write do not get it back by leaving and joining again.
    ELSIF NOT coalesce(m.can_write, true) OR messaging.is_being_erased(p_caller) THEN
        refusal := 'cannot_write';
    ELSIF must_join THEN
        SELECT rule.refusal INTO refusal
        FROM messaging.join_rule(ch, m, p_caller, messaging.has_claim(p_microdaos, ch.microdao_id)) rule;
    END IF;
END
$$;

-- The refusal of a caller who does not manage the channel, or NULL. Owners and admins manage it.
CREATE FUNCTION messaging.manager_refusal(
    ch public.channels, p_caller text, p_microdaos text[], OUT refusal messaging.refusal
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    m public.channel_members := messaging.membership(ch, p_caller, p_microdaos);
BEGIN
    IF messaging.access(ch, p_caller, p_microdaos) = 'none' THEN
        refusal := 'channel_not_found';
    ELSIF m.joined_at IS NULL OR messaging.rank(m.role) < 2 THEN
        refusal := 'cannot_manage';
    ELSIF ch.archived_at IS NOT NULL THEN
        refusal := 'channel_archived';
    END IF;
END
$$;
