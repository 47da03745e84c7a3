-- What is unread. Counted by indexes and no further than 100, so that it costs the same however much there is. Sorting is off
-- for the reason that messaging.living_messages_beside gives.

-- The others' messages after a place in the channel, without deleted ones and apart from threads; at most 100. Whoever sends
-- has read up to their message, so there are hardly own ones to leave out.
CREATE FUNCTION messaging.count_unread(p_channel_id uuid, p_member_id text, p_read_seq bigint) RETURNS integer
LANGUAGE plpgsql STABLE SET enable_sort = off AS $$
BEGIN
    RETURN (SELECT count(*) FROM (
        SELECT FROM public.messages m
        WHERE m.channel_id = p_channel_id AND m.seq > p_read_seq AND m.thread_id IS NULL AND m.deleted_at IS NULL
            AND m.sender_id <> p_member_id
        ORDER BY m.seq LIMIT 100) unread);
END
$$;

-- The others' replies after a place in a thread, without deleted ones; at most 100.
CREATE FUNCTION messaging.count_unread_replies(p_root_id uuid, p_member_id text, p_read_seq bigint) RETURNS integer
LANGUAGE plpgsql STABLE SET enable_sort = off AS $$
BEGIN
    RETURN (SELECT count(*) FROM (
        SELECT FROM public.messages m
        WHERE m.thread_id = p_root_id AND m.seq > p_read_seq AND m.deleted_at IS NULL AND m.sender_id <> p_member_id
        ORDER BY m.seq LIMIT 100) unread);
END
$$;

-- The others' messages after a place in the channel that name somebody, or everybody who is in; at most 100, of the newest
-- 200 of each. One in a thread counts until the thread is read up to it, or the channel.
CREATE FUNCTION messaging.count_mentions(p_channel_id uuid, p_member_id text, p_read_seq bigint) RETURNS integer
LANGUAGE plpgsql STABLE SET enable_sort = off AS $$
BEGIN
    RETURN (SELECT count(*) FROM (
        SELECT FROM (
            (SELECT n.message_id FROM messaging.message_mentions n
             WHERE n.channel_id = p_channel_id AND n.member_id = p_member_id AND n.seq > p_read_seq
             ORDER BY n.seq DESC LIMIT 200)
            UNION
            (SELECT n.message_id FROM messaging.message_mentions n
             WHERE n.channel_id = p_channel_id AND n.member_id = 'room' AND n.seq > p_read_seq
                 -- It means those who are in.
                 AND EXISTS (SELECT FROM public.channel_members c WHERE c.channel_id = p_channel_id
                             AND c.member_id = p_member_id AND c.left_at IS NULL AND c.joined_at IS NOT NULL)
             ORDER BY n.seq DESC LIMIT 200)) named
        JOIN public.messages m ON m.id = named.message_id
        LEFT JOIN messaging.thread_members t ON t.root_id = m.thread_id AND t.member_id = p_member_id
        WHERE m.sender_id <> p_member_id AND m.deleted_at IS NULL AND m.seq > coalesce(t.read_seq, 0)
        LIMIT 100) mentions);
END
$$;

-- What a channel is to its reader. read_seq is NULL for who has no marker there: nothing is unread to them. Who may not read
-- learns no count.
CREATE FUNCTION messaging.reading(
    ch public.channels, p_caller text, p_microdaos text[],
    OUT read_seq bigint, OUT unread_count integer, OUT mention_count integer, OUT marked_unread boolean, OUT muted boolean,
    OUT updated_at timestamptz
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    r messaging.channel_reads;
BEGIN
    SELECT * INTO r FROM messaging.channel_reads c WHERE c.channel_id = ch.id AND c.member_id = p_caller;
    read_seq := r.read_seq;
    updated_at := r.updated_at;
    unread_count := 0;
    mention_count := 0;
    marked_unread := false;
    muted := coalesce(r.is_muted, false);
    IF (r.read_seq < ch.last_seq OR r.marked_unread) AND messaging.access(ch, p_caller, p_microdaos) = 'reads' THEN
        marked_unread := r.marked_unread;
        IF r.read_seq < ch.last_seq THEN
            unread_count := messaging.count_unread(ch.id, p_caller, r.read_seq);
            mention_count := messaging.count_mentions(ch.id, p_caller, r.read_seq);
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
        'mention_count', r.mention_count, 'marked_unread', r.marked_unread, 'muted', r.muted,
        'updated_at', messaging.rfc3339(r.updated_at));
END
$$;

-- The same as members of a channel's document: what is between its braces.
CREATE FUNCTION messaging.reading_text(ch public.channels, p_caller text, p_microdaos text[]) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    r record := messaging.reading(ch, p_caller, p_microdaos);
BEGIN
    RETURN format('"read_seq":%s,"unread_count":%s,"mention_count":%s,"marked_unread":%s,"muted":%s',
        coalesce(r.read_seq::text, 'null'), r.unread_count, r.mention_count,
        CASE WHEN r.marked_unread THEN 'true' ELSE 'false' END, CASE WHEN r.muted THEN 'true' ELSE 'false' END);
END
$$;

-- All that is unread to the caller, in the first 1,000 of the channels that they have joined, without archived ones. What is
-- muted adds mentions only.
CREATE FUNCTION messaging.get_unread(
    p_caller text, p_microdaos text[], OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT json_build_object(
        'unread_count', coalesce(sum(u.unread_count) FILTER (WHERE NOT u.muted), 0),
        'mention_count', coalesce(sum(u.mention_count), 0),
        'channels', count(*) FILTER (WHERE u.mention_count > 0 OR NOT u.muted AND (u.unread_count > 0 OR u.marked_unread)))
    INTO document
    FROM (SELECT m.channel_id FROM public.channel_members m
          WHERE m.member_id = p_caller AND m.left_at IS NULL AND m.joined_at IS NOT NULL
          ORDER BY m.channel_id LIMIT 1000) own
    JOIN public.channels ch ON ch.id = own.channel_id AND ch.archived_at IS NULL
    JOIN messaging.channel_reads r ON r.channel_id = ch.id AND r.member_id = p_caller
        AND (r.read_seq < ch.last_seq OR r.marked_unread)
    CROSS JOIN LATERAL messaging.reading(ch, p_caller, p_microdaos) u;
END
$$;
