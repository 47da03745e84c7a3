-- What is unread, no further than 100. Sorting is off for the reason that messaging.messages_beside gives.

-- The others' messages after a place in the channel, without deleted ones and apart from threads; at most 100.
--
-- Each message has its number among them. So the first one after the place says how many there have been since, and what
-- was deleted or moved into a thread among those is taken off: that costs the same however much is unread. Whoever sends has
-- read up to their message, so there are no own ones among those that are numbered.
CREATE FUNCTION messaging.count_unread(p_channel_id uuid, p_member_id text, p_read_seq bigint) RETURNS integer
LANGUAGE plpgsql STABLE SET enable_sort = off AS $$
DECLARE
    total bigint;
    gone bigint;
BEGIN
    SELECT ch.main_count - first.main_number + (first.thread_id IS NULL OR first.is_uncounted)::integer,
        (SELECT count(*) FROM (
            SELECT FROM public.messages m WHERE m.channel_id = p_channel_id AND m.seq > p_read_seq AND m.is_uncounted
            ORDER BY m.seq LIMIT 101) uncounted)
    INTO total, gone
    FROM public.channels ch CROSS JOIN LATERAL (
        SELECT m.main_number, m.thread_id, m.is_uncounted FROM public.messages m
        WHERE m.channel_id = p_channel_id AND m.seq > p_read_seq ORDER BY m.seq LIMIT 1) first
    WHERE ch.id = p_channel_id;
    IF NOT FOUND THEN
        RETURN 0;
    ELSIF gone <= 100 AND total IS NOT NULL THEN
        RETURN least(total - gone, 100);
    END IF;
    -- Where so many have gone, and behind messages of earlier versions, one by one.
    RETURN (SELECT count(*) FROM (
        SELECT FROM public.messages m
        WHERE m.channel_id = p_channel_id AND m.seq > p_read_seq AND m.thread_id IS NULL AND m.deleted_at IS NULL
            AND m.sender_id <> p_member_id
        ORDER BY m.seq LIMIT 100) unread);
END
$$;

-- The others' replies after a place in a thread, without deleted ones; at most 100.
CREATE FUNCTION messaging.count_unread_replies(p_thread_id uuid, p_member_id text, p_read_seq bigint) RETURNS integer
LANGUAGE plpgsql STABLE SET enable_sort = off AS $$
BEGIN
    RETURN (SELECT count(*) FROM (
        SELECT FROM public.messages m
        WHERE m.thread_id = p_thread_id AND m.seq > p_read_seq AND m.deleted_at IS NULL AND m.sender_id <> p_member_id
        ORDER BY m.seq LIMIT 100) unread);
END
$$;

-- The others' messages after a place in the channel that name somebody, or everybody who is in; at most 100, of the newest
-- 200 of each. One in a thread counts until the thread is read up to it, or the channel.
CREATE FUNCTION messaging.count_mentions(p_channel_id uuid, p_member_id text, p_read_seq bigint) RETURNS integer
LANGUAGE plpgsql STABLE SET enable_sort = off AS $$
DECLARE
    personal integer := messaging.count_mentions_of(p_channel_id, p_member_id, p_member_id, p_read_seq, 100);
    of_all integer := CASE WHEN personal >= 100 THEN 0
        ELSE messaging.count_mentions_of(p_channel_id, 'room', p_member_id, p_read_seq, 100 - personal) END;
BEGIN
    -- That means those who are in.
    IF of_all > 0 AND NOT EXISTS (SELECT FROM public.channel_members c WHERE c.channel_id = p_channel_id
                                  AND c.member_id = p_member_id AND c.left_at IS NULL AND c.joined_at IS NOT NULL) THEN
        of_all := 0;
    END IF;
    RETURN personal + of_all;
END
$$;

-- Those that name p_named: p_member_id, or 'room' without those that name them as well.
CREATE FUNCTION messaging.count_mentions_of(
    p_channel_id uuid, p_named text, p_member_id text, p_read_seq bigint, p_limit integer
) RETURNS integer LANGUAGE plpgsql STABLE SET enable_sort = off AS $$
BEGIN
    RETURN (SELECT count(*) FROM (
        SELECT FROM (
            SELECT n.message_id, n.seq, n.sender_id, n.thread_id FROM messaging.message_mentions n
            WHERE n.channel_id = p_channel_id AND n.member_id = p_named AND n.seq > p_read_seq
            ORDER BY n.seq DESC LIMIT 200) named
        WHERE named.sender_id <> p_member_id
            AND (named.thread_id IS NULL OR named.seq > coalesce(
                (SELECT t.read_seq FROM messaging.thread_members t
                 WHERE t.root_id = named.thread_id AND t.member_id = p_member_id), 0))
            AND (p_named = p_member_id OR NOT EXISTS (
                SELECT FROM messaging.message_mentions o WHERE o.message_id = named.message_id AND o.member_id = p_member_id))
        LIMIT p_limit) mentions);
END
$$;

-- Both, for a place in a channel; no row where nothing was sent after it, or the place is NULL. It is inlined into the statement
-- that has the channels. Where no message after the place is uncounted, the numbers of the first one and of the channel are
-- enough (count_unread), and most have no mention.
CREATE FUNCTION messaging.unread(p_channel_id uuid, p_main_count bigint, p_member_id text, p_read_seq bigint)
RETURNS TABLE (unread_count integer, mention_count integer) LANGUAGE sql STABLE ROWS 1 AS $$
    SELECT CASE WHEN f.main_number IS NULL OR f.has_uncounted THEN messaging.count_unread(p_channel_id, p_member_id, p_read_seq)
            ELSE least(p_main_count - f.main_number + (f.thread_id IS NULL)::integer, 100)::integer END,
        CASE WHEN f.has_mentions THEN messaging.count_mentions(p_channel_id, p_member_id, p_read_seq) ELSE 0 END
    FROM (SELECT m.main_number, m.thread_id,
              (SELECT true FROM public.messages n WHERE n.channel_id = p_channel_id AND n.seq > p_read_seq AND n.is_uncounted
               ORDER BY n.seq LIMIT 1) AS has_uncounted,
              coalesce((SELECT true FROM messaging.message_mentions n
                        WHERE n.channel_id = p_channel_id AND n.member_id = p_member_id AND n.seq > p_read_seq
                        ORDER BY n.seq LIMIT 1),
                       (SELECT true FROM messaging.message_mentions n
                        WHERE n.channel_id = p_channel_id AND n.member_id = 'room' AND n.seq > p_read_seq
                        ORDER BY n.seq LIMIT 1)) AS has_mentions
          FROM public.messages m WHERE m.channel_id = p_channel_id AND m.seq > p_read_seq ORDER BY m.seq LIMIT 1) f
$$;

-- What a channel is to its reader. read_seq is NULL for who has no marker there: nothing is unread to them. Who may not read
-- learns no count.
CREATE FUNCTION messaging.reading(
    ch public.channels, p_caller text, p_microdaos text[],
    OUT read_seq bigint, OUT unread_count integer, OUT mention_count integer, OUT marked_unread boolean, OUT is_muted boolean,
    OUT updated_at timestamptz
) LANGUAGE plpgsql STABLE SET enable_sort = off AS $$
DECLARE
    r messaging.channel_reads;
BEGIN
    SELECT * INTO r FROM messaging.channel_reads c WHERE c.channel_id = ch.id AND c.member_id = p_caller;
    read_seq := r.read_seq;
    updated_at := r.updated_at;
    unread_count := 0;
    mention_count := 0;
    marked_unread := false;
    is_muted := coalesce(r.is_muted, false);
    IF (r.read_seq < ch.last_seq OR r.marked_unread) AND messaging.access(ch, p_caller, p_microdaos) = 'reads' THEN
        marked_unread := r.marked_unread;
        IF r.read_seq < ch.last_seq THEN
            -- Whoever holds the channel's row may have added messages since they read it.
            SELECT coalesce(max(u.unread_count), 0), coalesce(max(u.mention_count), 0) INTO unread_count, mention_count
            FROM public.channels c CROSS JOIN LATERAL messaging.unread(c.id, c.main_count, p_caller, r.read_seq) u
            WHERE c.id = ch.id;
        END IF;
    END IF;
END
$$;

CREATE FUNCTION messaging.reading_json(ch public.channels, p_caller text, p_microdaos text[]) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
    r record := messaging.reading(ch, p_caller, p_microdaos);
BEGIN
    RETURN json_build_object('channel_id', ch.id, 'read_seq', r.read_seq, 'unread_count', r.unread_count,
        'mention_count', r.mention_count, 'marked_unread', r.marked_unread, 'muted', r.is_muted,
        'updated_at', messaging.rfc3339(r.updated_at));
END
$$;

-- All that is unread to the caller, in the first 1,000 of the channels that they have joined, without archived ones. What is
-- muted adds mentions only.
CREATE FUNCTION messaging.get_unread(
    p_caller text, p_microdaos text[], OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE SET enable_sort = off SET jit = off AS $$
BEGIN
    SELECT json_build_object(
        'unread_count', coalesce(sum(u.unread_count) FILTER (WHERE NOT r.is_muted), 0),
        'mention_count', coalesce(sum(u.mention_count), 0),
        'channels', count(*) FILTER (
            WHERE u.mention_count > 0 OR NOT r.is_muted AND (u.unread_count > 0 OR r.marked_unread)))
    INTO document
    -- One after the other, by key, as in messaging.channel_documents.
    FROM (SELECT * FROM public.channel_members m
          WHERE m.member_id = p_caller AND m.left_at IS NULL AND m.joined_at IS NOT NULL
          ORDER BY m.channel_id LIMIT 1000) own
    CROSS JOIN LATERAL (SELECT * FROM public.channels c WHERE c.id = own.channel_id LIMIT 1) ch
    CROSS JOIN LATERAL (SELECT * FROM messaging.channel_reads c
                        WHERE c.channel_id = own.channel_id AND c.member_id = p_caller LIMIT 1) r
    LEFT JOIN LATERAL messaging.unread(ch.id, ch.main_count, p_caller,
                                       CASE WHEN r.read_seq < ch.last_seq THEN r.read_seq END) u ON true
    WHERE ch.archived_at IS NULL AND (r.read_seq < ch.last_seq OR r.marked_unread)
        AND messaging.reads(ch, own, p_caller, p_microdaos);
END
$$;
