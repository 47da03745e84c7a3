-- A channel as a list shows it: the row, and what depends on who reads it. Events have the row alone.

-- p_caller knows of the channel. One expression, for the reason that messaging.message_document gives.
CREATE FUNCTION messaging.channel_document(ch public.channels, p_caller text, p_microdaos text[]) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT (left(messaging.channel_json(ch)::text, -1) || messaging.channel_state_text(ch, p_caller, p_microdaos) || '}')::json
$$;

-- What happens in a channel is for those who may read it: to others it is null.
CREATE FUNCTION messaging.channel_state_text(ch public.channels, p_caller text, p_microdaos text[]) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    reads boolean := messaging.access(ch, p_caller, p_microdaos) = 'reads';
BEGIN
    RETURN ', "member_count" : ' || CASE WHEN reads THEN coalesce(ch.member_count, messaging.count_members(ch.id))::text ELSE 'null' END
        || ', "last_message" : ' || CASE WHEN reads THEN messaging.last_message_text(ch.id) ELSE 'null' END
        || ', "last_seq" : ' || CASE WHEN reads THEN ch.last_seq::text ELSE 'null' END
        || ', "membership" : ' || messaging.membership_text(ch, p_caller, p_microdaos)
        || ', "kept_days" : ' || coalesce(messaging.kept_days(ch)::text, 'null')
        || ', "direct_member_id" : ' || CASE WHEN ch.is_direct THEN messaging.direct_member_text(ch.id, p_caller) ELSE 'null' END
        || ',' || messaging.reading_text(ch, p_caller, p_microdaos);
END
$$;

-- How many members have joined a channel.
CREATE FUNCTION messaging.count_members(p_channel_id uuid) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT count(*) FROM public.channel_members
            WHERE channel_id = p_channel_id AND left_at IS NULL AND joined_at IS NOT NULL);
END
$$;

-- The newest message that is not deleted, as its row is in events. enable_sort is off for the reason that
-- messaging.living_messages_beside gives.
CREATE FUNCTION messaging.last_message_text(p_channel_id uuid) RETURNS text LANGUAGE plpgsql STABLE SET enable_sort = off AS $$
BEGIN
    RETURN coalesce((SELECT messaging.message_json(m)::text FROM public.messages m
                     WHERE m.channel_id = p_channel_id AND m.deleted_at IS NULL ORDER BY m.seq DESC LIMIT 1), 'null');
END
$$;

-- What somebody is and may do in a channel; an invitation has no joined_at.
CREATE FUNCTION messaging.membership_text(ch public.channels, p_caller text, p_microdaos text[]) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce((SELECT json_build_object(
        'role', m.role, 'can_read', m.can_read, 'can_write', m.can_write, 'can_invite', m.can_invite, 'can_kick', m.can_kick,
        'can_create_tasks', m.can_create_tasks, 'invited_by', m.invited_by, 'invited_at', messaging.rfc3339(m.invited_at),
        'joined_at', messaging.rfc3339(m.joined_at))::text
        FROM messaging.membership(ch, p_caller, p_microdaos) m WHERE m.id IS NOT NULL), 'null');
END
$$;

-- The other one of a direct channel, whether they are there, invited or gone; null for whoever is none of the two. Somebody
-- who was never in it, and was merely refused at its door, comes last.
CREATE FUNCTION messaging.direct_member_text(p_channel_id uuid, p_caller text) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce((
        SELECT to_json(m.member_id)::text FROM public.channel_members m
        WHERE m.channel_id = p_channel_id AND m.member_id <> p_caller
            AND EXISTS (SELECT FROM public.channel_members c WHERE c.channel_id = p_channel_id AND c.member_id = p_caller)
        ORDER BY m.joined_at IS NULL AND m.invited_by IS NULL, m.left_at IS NOT NULL, coalesce(m.joined_at, m.invited_at), m.id
        LIMIT 1), 'null');
END
$$;

-- Counts what channels of earlier versions lack, of at most 100 at once: meanwhile nobody writes to them. A channel that somebody
-- writes to is left for later. true: there may be more of them.
CREATE FUNCTION messaging.count_channels() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    ids uuid[];
BEGIN
    -- Locked before they are counted: whoever changes a membership holds the channel's row.
    ids := ARRAY(SELECT id FROM public.channels WHERE member_count IS NULL OR indexed_active_at IS NULL
                 LIMIT 100 FOR NO KEY UPDATE SKIP LOCKED);
    UPDATE public.channels ch SET member_count = coalesce(ch.member_count, messaging.count_members(ch.id)),
        active_at = known.active_at, indexed_active_at = coalesce(ch.indexed_active_at, known.active_at)
    FROM (SELECT c.id, coalesce(c.active_at, (SELECT m.created_at FROM public.messages m WHERE m.channel_id = c.id
                                              ORDER BY m.seq DESC LIMIT 1), c.created_at) AS active_at
          FROM public.channels c WHERE c.id = ANY (ids)) known
    WHERE ch.id = known.id;
    RETURN cardinality(ids) = 100;
END
$$;
