-- Threads as their roots show them, and a channel's list of them.

-- The thread under a message, as a member of its document; empty where there is none, or nothing is left of it. Everything is
-- looked up by key, in one statement.
CREATE FUNCTION messaging.thread_text(p_message_id uuid, p_caller text) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce((
        SELECT concat(
            ',"thread":{"reply_count":', t.reply_count,
            ',"last_reply":', CASE WHEN m.id IS NULL THEN 'null' ELSE messaging.message_text(m, s.display_name, s.avatar_url) END,
            ',"participants":', coalesce((
                SELECT json_agg(json_build_object(
                    'member_id', p.id, 'member_type', CASE WHEN p.id LIKE 'agent:%' THEN 'agent' ELSE 'human' END,
                    'display_name', n.display_name, 'avatar_url', n.avatar_url) ORDER BY p.place)::text
                FROM unnest(t.participants) WITH ORDINALITY p (id, place)
                LEFT JOIN LATERAL (SELECT o.display_name, o.avatar_url FROM messaging.profiles o
                                   WHERE o.member_id = p.id LIMIT 1) n ON true), 'null'),
            ',"is_following":', (f.root_id IS NOT NULL)::text,
            ',"unread_count":', CASE WHEN f.root_id IS NULL THEN 0
                ELSE messaging.count_unread_replies(p_message_id, p_caller, f.read_seq) END, '}')
        FROM messaging.threads t
        LEFT JOIN LATERAL (SELECT * FROM public.messages o WHERE o.id = t.last_reply_id LIMIT 1) m ON true
        LEFT JOIN LATERAL (SELECT o.display_name, o.avatar_url FROM messaging.profiles o
                           WHERE o.member_id = m.sender_id LIMIT 1) s ON true
        LEFT JOIN LATERAL (SELECT o.root_id, o.read_seq FROM messaging.thread_members o
                           WHERE o.root_id = t.root_id AND o.member_id = p_caller AND o.is_following LIMIT 1) f ON true
        WHERE t.root_id = p_message_id AND t.reply_count > 0), '');
END
$$;

-- The threads whose newest reply is before a number, newest first. As messages_beside, it walks an index.
CREATE FUNCTION messaging.threads_before(p_channel_id uuid, p_seq bigint, p_limit integer)
RETURNS SETOF messaging.threads LANGUAGE plpgsql STABLE ROWS 50 SET enable_sort = off AS $$
BEGIN
    RETURN QUERY SELECT * FROM (
        SELECT * FROM messaging.threads t WHERE t.channel_id = p_channel_id AND t.reply_count > 0 AND t.last_seq < p_seq
        ORDER BY t.last_seq DESC LIMIT 201) nearest LIMIT p_limit;
END
$$;

-- The roots of a channel's threads, the one with the newest reply first; with p_followed those that the caller follows, which
-- costs what they follow in this channel. p_before: the number of the newest reply of the last one on the page before. A
-- deleted root keeps its thread. At most 200, whatever p_limit says.
CREATE FUNCTION messaging.list_threads(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_limit integer, p_before bigint DEFAULT NULL,
    p_followed boolean DEFAULT false, OUT refusal messaging.refusal, OUT document text
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    page_size integer := least(p_limit, 200);
    below bigint := coalesce(p_before, 9223372036854775807);
    roots uuid[];
    numbers bigint[];
BEGIN
    SELECT lookup.refusal INTO refusal FROM messaging.find_channel(p_caller, p_microdaos, p_channel_id, 'read') lookup;
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    -- One more than the page is read: where there is one, there is a next page.
    IF p_followed THEN
        SELECT array_agg(t.root_id), array_agg(t.last_seq) INTO roots, numbers FROM (
            SELECT t.root_id, t.last_seq FROM messaging.thread_members f JOIN messaging.threads t USING (root_id)
            WHERE f.member_id = p_caller AND f.channel_id = p_channel_id AND f.is_following
                AND t.reply_count > 0 AND t.last_seq < below
            ORDER BY t.last_seq DESC LIMIT page_size + 1) t;
    ELSE
        SELECT array_agg(t.root_id), array_agg(t.last_seq) INTO roots, numbers
        FROM messaging.threads_before(p_channel_id, below, page_size + 1) t;
    END IF;
    document := concat(
        '{"items":[', (
            SELECT string_agg(messaging.message_document(m, p_caller, s.name, s.avatar_url, s.has_thread, s.has_reactions), ','
                              ORDER BY r.place)
            FROM unnest(roots[:page_size]) WITH ORDINALITY r (id, place) JOIN public.messages m ON m.id = r.id
            CROSS JOIN LATERAL messaging.shown_with(m.id, m.sender_id) s),
        '],"links":{"next":', CASE WHEN cardinality(roots) > page_size THEN concat('"cursor=', numbers[page_size], '"')
                                   ELSE 'null' END, '}}');
END
$$;
