-- Channels as lists show them: the row, and what depends on who reads it. Events have the row alone.

-- The documents of channels that p_caller knows of, in the order of their ids. What happens in a channel is for those who may
-- read it: to others it is null.
--
-- One statement for all of them, which looks up everything by key, one channel after the other: each LIMIT forbids a join in
-- another order, and sorting is off for the reason that messaging.messages_beside gives.
CREATE FUNCTION messaging.channel_documents(p_ids uuid[], p_caller text, p_microdaos text[]) RETURNS text[]
LANGUAGE plpgsql STABLE SET enable_sort = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    max_days integer := (SELECT l.max_days FROM messaging.retention_limit l);
BEGIN
    RETURN ARRAY(
        SELECT messaging.channel_text(ch, concat(
            ',"member_count":', CASE WHEN a.reads THEN coalesce(ch.member_count, messaging.count_members(ch.id))::text ELSE 'null' END,
            ',"last_message":', CASE WHEN m.id IS NULL THEN 'null' ELSE messaging.message_text(m, p.display_name, p.avatar_url) END,
            ',"last_seq":', CASE WHEN a.reads THEN ch.last_seq::text ELSE 'null' END,
            ',"membership":', CASE WHEN own.left_at IS NULL AND (NOT own.via_microdao OR messaging.has_claim(p_microdaos, ch.microdao_id))
                THEN messaging.membership_text(own) ELSE 'null' END,
            ',"kept_days":', coalesce(least(ch.retention_days, max_days)::text, 'null'),
            ',"direct_member_id":', CASE WHEN ch.is_direct THEN messaging.direct_member_text(ch.id, p_caller) ELSE 'null' END,
            ',"read_seq":', coalesce(r.read_seq::text, 'null'), ',"unread_count":', coalesce(u.unread_count, 0),
            ',"mention_count":', coalesce(u.mention_count, 0), ',"marked_unread":', (a.reads AND coalesce(r.marked_unread, false))::text,
            ',"muted":', coalesce(r.is_muted, false)::text))
        FROM unnest(p_ids) WITH ORDINALITY v (id, place)
        CROSS JOIN LATERAL (SELECT * FROM public.channels c WHERE c.id = v.id LIMIT 1) ch
        LEFT JOIN LATERAL (SELECT * FROM public.channel_members c
                           WHERE c.channel_id = v.id AND c.member_id = p_caller LIMIT 1) own ON true
        LEFT JOIN LATERAL (SELECT * FROM messaging.channel_reads c
                           WHERE c.channel_id = v.id AND c.member_id = p_caller LIMIT 1) r ON true
        CROSS JOIN LATERAL (SELECT messaging.reads(ch, own, p_caller, p_microdaos) AS reads OFFSET 0) a
        LEFT JOIN LATERAL (SELECT * FROM public.messages c WHERE a.reads AND c.channel_id = v.id AND c.deleted_at IS NULL
                           ORDER BY c.seq DESC LIMIT 1) m ON true
        LEFT JOIN LATERAL (SELECT n.display_name, n.avatar_url FROM messaging.profiles n
                           WHERE n.member_id = m.sender_id LIMIT 1) p ON true
        LEFT JOIN LATERAL messaging.unread(ch.id, ch.main_count, p_caller,
                                           CASE WHEN a.reads AND r.read_seq < ch.last_seq THEN r.read_seq END) u ON true);
END
$$;

-- What somebody is and may do in a channel; an invitation has no joined_at.
CREATE FUNCTION messaging.membership_text(m public.channel_members) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN m.id IS NULL THEN 'null' ELSE concat(
        '{"role":"', m.role, '","can_read":', m.can_read::text, ',"can_write":', m.can_write::text,
        ',"can_invite":', m.can_invite::text, ',"can_kick":', m.can_kick::text,
        ',"can_create_tasks":', m.can_create_tasks::text, ',"invited_by":', messaging.json_string(m.invited_by),
        ',"invited_at":', messaging.json_time(m.invited_at), ',"joined_at":', messaging.json_time(m.joined_at), '}') END
$$;

-- How many members have joined a channel.
CREATE FUNCTION messaging.count_members(p_channel_id uuid) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT count(*) FROM public.channel_members
            WHERE channel_id = p_channel_id AND left_at IS NULL AND joined_at IS NOT NULL);
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
