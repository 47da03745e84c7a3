-- Who has read how far, as far as they show it. Up to 100 members are named; of more it is only counted how many have read up
-- to p_seq (NULL: to the newest message), among the first 1,000.
CREATE FUNCTION messaging.list_receipts(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_seq bigint DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE SET enable_seqscan = off SET enable_sort = off AS $$
DECLARE
    place bigint := p_seq;
BEGIN
    SELECT lookup.refusal INTO refusal FROM messaging.find_channel(p_caller, p_microdaos, p_channel_id, 'read') lookup;
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    IF place IS NULL THEN
        place := coalesce((SELECT m.seq FROM public.messages m
                           WHERE m.channel_id = p_channel_id AND m.thread_id IS NULL AND m.deleted_at IS NULL
                           ORDER BY m.seq DESC LIMIT 1), 0);
    END IF;
    SELECT json_build_object('seq', place, 'member_count', count(*),
        'read_count', count(*) FILTER (WHERE r.shown_seq >= place AND r.shown_seq > 0),
        'receipts', CASE WHEN count(*) <= 100 THEN messaging.shown_receipts(p_channel_id, true) ELSE '[]' END)
    INTO document
    FROM (SELECT m.member_id FROM public.channel_members m
          WHERE m.channel_id = p_channel_id AND m.left_at IS NULL AND m.joined_at IS NOT NULL ORDER BY m.id LIMIT 1000) members
    LEFT JOIN LATERAL (SELECT s.shown_seq FROM messaging.channel_reads s
                       WHERE s.channel_id = p_channel_id AND s.member_id = members.member_id LIMIT 1) r ON true;
END
$$;

-- The receipts that the members show, 100 at most; p_with_names: with their names and pictures, which a frame has not.
CREATE FUNCTION messaging.shown_receipts(p_channel_id uuid, p_with_names boolean DEFAULT false) RETURNS json
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET enable_sort = off AS $$
BEGIN
    RETURN (SELECT coalesce(json_agg(
                CASE WHEN p_with_names THEN json_build_object('member_id', s.member_id, 'read_seq', s.shown_seq,
                    'display_name', n.display_name, 'avatar_url', n.avatar_url)
                ELSE json_build_object('member_id', s.member_id, 'read_seq', s.shown_seq) END
                ORDER BY s.shown_seq DESC, s.member_id), '[]')
            FROM (SELECT members.member_id, r.shown_seq
                  FROM (SELECT m.member_id FROM public.channel_members m
                        WHERE m.channel_id = p_channel_id AND m.left_at IS NULL AND m.joined_at IS NOT NULL
                        ORDER BY m.id LIMIT 100) members
                  CROSS JOIN LATERAL (SELECT c.shown_seq FROM messaging.channel_reads c
                                      WHERE c.channel_id = p_channel_id AND c.member_id = members.member_id LIMIT 1) r
                  WHERE r.shown_seq > 0) s
            LEFT JOIN LATERAL (SELECT p.display_name, p.avatar_url FROM messaging.profiles p
                               WHERE p_with_names AND p.member_id = s.member_id LIMIT 1) n ON true);
END
$$;

-- What a socket is told when it has caught up with a channel: the caller's own state, and the others' receipts where they are
-- shown one by one. NULL for who may not read.
CREATE FUNCTION messaging.get_reading(
    p_caller text, p_microdaos text[], p_channel_id uuid, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    lookup record := messaging.find_channel(p_caller, p_microdaos, p_channel_id, 'read');
BEGIN
    refusal := lookup.refusal;
    IF refusal IS NULL THEN
        document := json_build_object(
            'reading', messaging.reading_json(lookup.channel, p_caller, p_microdaos),
            'receipts', CASE WHEN messaging.shows_receipts(lookup.channel) THEN messaging.shown_receipts(p_channel_id) END);
    END IF;
END
$$;
