-- Pages of messages. A place in them is {"seq": n}, {"message": id} or {"time": t}.

-- The number that bounds the messages before a place from above; NULL when the place is no message of the channel.
CREATE FUNCTION messaging.seq_before(p_channel_id uuid, p_place jsonb) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF p_place ? 'seq' THEN
        RETURN (p_place ->> 'seq')::bigint;
    ELSIF p_place ? 'message' THEN
        RETURN (SELECT seq FROM public.messages WHERE id = (p_place ->> 'message')::uuid AND channel_id = p_channel_id);
    END IF;
    -- created_at never falls as seq rises (record_message sees to it), so one place bounds them all.
    RETURN coalesce((SELECT seq + 1 FROM public.messages
                     WHERE channel_id = p_channel_id AND created_at < (p_place ->> 'time')::timestamptz
                     ORDER BY created_at DESC, seq DESC LIMIT 1), 0);
END
$$;

-- The number that bounds the messages after a place from below; NULL when the place is no message of the channel.
CREATE FUNCTION messaging.seq_after(p_channel_id uuid, p_place jsonb) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF p_place ? 'seq' THEN
        RETURN (p_place ->> 'seq')::bigint;
    ELSIF p_place ? 'message' THEN
        RETURN (SELECT seq FROM public.messages WHERE id = (p_place ->> 'message')::uuid AND channel_id = p_channel_id);
    END IF;
    RETURN coalesce((SELECT seq - 1 FROM public.messages
                     WHERE channel_id = p_channel_id AND created_at > (p_place ->> 'time')::timestamptz
                     ORDER BY created_at, seq LIMIT 1), 9223372036854775807);
END
$$;

-- The messages next to a number, nearest first: newer ones or older ones, with p_thread_id only those that are in
-- its thread or reply to it. Deleted ones are left out.
--
-- Each of the four ways is a statement of its own that walks an index from one side, or two side by side. Where most channels are small, the
-- planner would rather read and sort a whole channel, and a large one is sorted for every page: enable_sort forbids it.
-- The inner LIMIT is a constant, because the planner takes an unknown one for a tenth of the channel and, where channels
-- are large, plans anew at every call.
CREATE FUNCTION messaging.living_messages_beside(
    p_channel_id uuid, p_thread_id uuid, p_seq bigint, p_is_newer boolean, p_limit integer
) RETURNS SETOF public.messages LANGUAGE plpgsql STABLE ROWS 50 SET enable_sort = off AS $$
BEGIN
    IF p_thread_id IS NULL AND p_is_newer THEN
        RETURN QUERY SELECT * FROM (
            SELECT * FROM public.messages m WHERE m.channel_id = p_channel_id AND m.seq > p_seq AND m.deleted_at IS NULL
            ORDER BY m.seq LIMIT 201) nearest LIMIT p_limit;
    ELSIF p_thread_id IS NULL THEN
        RETURN QUERY SELECT * FROM (
            SELECT * FROM public.messages m WHERE m.channel_id = p_channel_id AND m.seq < p_seq AND m.deleted_at IS NULL
            ORDER BY m.seq DESC LIMIT 201) nearest LIMIT p_limit;
    ELSIF p_is_newer THEN
        RETURN QUERY SELECT * FROM (
            (SELECT * FROM public.messages m
             WHERE m.thread_id = p_thread_id AND m.channel_id = p_channel_id AND m.seq > p_seq AND m.deleted_at IS NULL
             ORDER BY m.seq LIMIT 201)
            UNION ALL
            (SELECT * FROM public.messages m
             WHERE m.reply_to = p_thread_id AND m.reply_to IS DISTINCT FROM m.thread_id AND m.channel_id = p_channel_id
                 AND m.seq > p_seq AND m.deleted_at IS NULL
             ORDER BY m.seq LIMIT 201)
            ORDER BY seq LIMIT 201) nearest LIMIT p_limit;
    ELSE
        RETURN QUERY SELECT * FROM (
            (SELECT * FROM public.messages m
             WHERE m.thread_id = p_thread_id AND m.channel_id = p_channel_id AND m.seq < p_seq AND m.deleted_at IS NULL
             ORDER BY m.seq DESC LIMIT 201)
            UNION ALL
            (SELECT * FROM public.messages m
             WHERE m.reply_to = p_thread_id AND m.reply_to IS DISTINCT FROM m.thread_id AND m.channel_id = p_channel_id
                 AND m.seq < p_seq AND m.deleted_at IS NULL
             ORDER BY m.seq DESC LIMIT 201)
            ORDER BY seq DESC LIMIT 201) nearest LIMIT p_limit;
    END IF;
END
$$;

-- The same, with the deleted ones where p_with_deleted says so. A place is a place whether its message is deleted or not.
CREATE FUNCTION messaging.messages_beside(
    p_channel_id uuid, p_thread_id uuid, p_seq bigint, p_is_newer boolean, p_limit integer, p_with_deleted boolean
) RETURNS SETOF public.messages LANGUAGE plpgsql STABLE ROWS 50 SET enable_sort = off AS $$
BEGIN
    IF NOT p_with_deleted THEN
        RETURN QUERY SELECT * FROM messaging.living_messages_beside(
            p_channel_id, p_thread_id, p_seq, p_is_newer, p_limit);
        RETURN;
    END IF;
    IF p_thread_id IS NULL AND p_is_newer THEN
        RETURN QUERY SELECT * FROM (
            SELECT * FROM public.messages m WHERE m.channel_id = p_channel_id AND m.seq > p_seq
            ORDER BY m.seq LIMIT 201) nearest LIMIT p_limit;
    ELSIF p_thread_id IS NULL THEN
        RETURN QUERY SELECT * FROM (
            SELECT * FROM public.messages m WHERE m.channel_id = p_channel_id AND m.seq < p_seq
            ORDER BY m.seq DESC LIMIT 201) nearest LIMIT p_limit;
    ELSIF p_is_newer THEN
        RETURN QUERY SELECT * FROM (
            (SELECT * FROM public.messages m
             WHERE m.thread_id = p_thread_id AND m.channel_id = p_channel_id AND m.seq > p_seq
             ORDER BY m.seq LIMIT 201)
            UNION ALL
            (SELECT * FROM public.messages m
             WHERE m.reply_to = p_thread_id AND m.reply_to IS DISTINCT FROM m.thread_id AND m.channel_id = p_channel_id
                 AND m.seq > p_seq
             ORDER BY m.seq LIMIT 201)
            ORDER BY seq LIMIT 201) nearest LIMIT p_limit;
    ELSE
        RETURN QUERY SELECT * FROM (
            (SELECT * FROM public.messages m
             WHERE m.thread_id = p_thread_id AND m.channel_id = p_channel_id AND m.seq < p_seq
             ORDER BY m.seq DESC LIMIT 201)
            UNION ALL
            (SELECT * FROM public.messages m
             WHERE m.reply_to = p_thread_id AND m.reply_to IS DISTINCT FROM m.thread_id AND m.channel_id = p_channel_id
                 AND m.seq < p_seq
             ORDER BY m.seq DESC LIMIT 201)
            ORDER BY seq DESC LIMIT 201) nearest LIMIT p_limit;
    END IF;
END
$$;

-- A page, newest first: after a place the nearest messages, otherwise the newest ones. At most 200, whatever p_limit says.
-- p_with_deleted: deleted messages are on it too, without their text. p_with_places: which room holds each one's event is told
-- beside them. The links are the page's neighbours of the same kind.
CREATE FUNCTION messaging.list_messages(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_limit integer, p_before jsonb, p_after jsonb, p_thread_id uuid,
    p_with_deleted boolean DEFAULT false, p_with_places boolean DEFAULT false,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    page_size integer := least(p_limit, 200);
    -- The page lies strictly between these two.
    above bigint := 0;
    below bigint := 9223372036854775807;
    items json[];
    numbers bigint[];
    places json[];
    -- How many were read at the upper end that are not on the page.
    beyond integer;
    oldest bigint;
    newest bigint;
    has_older boolean;
    has_newer boolean;
BEGIN
    SELECT lookup.refusal INTO refusal FROM messaging.find_channel(p_caller, p_microdaos, p_channel_id, 'read') lookup;
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    IF p_thread_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM public.messages WHERE id = p_thread_id AND channel_id = p_channel_id) THEN
        refusal := 'message_not_found';
        RETURN;
    END IF;
    IF p_before IS NOT NULL THEN
        below := messaging.seq_before(p_channel_id, p_before);
    END IF;
    IF p_after IS NOT NULL THEN
        above := messaging.seq_after(p_channel_id, p_after);
    END IF;
    IF above IS NULL OR below IS NULL THEN
        refusal := 'position_not_found';
        RETURN;
    END IF;
    -- One more than the page is read: where there is one, the page has a neighbour on that side.
    SELECT array_agg(messaging.message_document(m, p_caller, p.display_name, p.avatar_url)), array_agg(m.seq),
        array_agg(CASE WHEN p_with_places THEN json_build_object(
            'room_id', coalesce(m.matrix_room_id, (SELECT ch.matrix_room_id FROM public.channels ch WHERE ch.id = p_channel_id)),
            'edit_event_id', m.edit_event_id) END),
        count(*) FILTER (WHERE m.seq >= below)
    INTO items, numbers, places, beyond
    FROM (SELECT * FROM messaging.messages_beside(
              p_channel_id, p_thread_id, CASE WHEN p_after IS NULL THEN below ELSE above END, p_after IS NOT NULL, page_size + 1,
              p_with_deleted)
          ORDER BY seq DESC) m
    -- One after the other, by key: any other join reads everybody's profile, and breaks the order.
    LEFT JOIN LATERAL (SELECT n.display_name, n.avatar_url FROM messaging.profiles n
                       WHERE n.member_id = m.sender_id LIMIT 1) p ON true;
    IF p_after IS NULL THEN
        has_older := cardinality(numbers) > page_size;
        numbers := numbers[:page_size];
        items := items[:page_size];
        places := places[:page_size];
    ELSE
        beyond := greatest(beyond, cardinality(numbers) - page_size);
        has_newer := beyond > 0;
        numbers := numbers[beyond + 1:];
        items := items[beyond + 1:];
        places := places[beyond + 1:];
    END IF;
    newest := numbers[1];
    oldest := numbers[cardinality(numbers)];
    IF has_older IS NULL THEN
        has_older := EXISTS (SELECT FROM messaging.messages_beside(p_channel_id, p_thread_id, oldest, false, 1, p_with_deleted));
    ELSE
        -- Nothing is newer than the newest page.
        has_newer := p_before IS NOT NULL
            AND EXISTS (SELECT FROM messaging.messages_beside(p_channel_id, p_thread_id, newest, true, 1, p_with_deleted));
    END IF;
    document := json_build_object('items', coalesce(array_to_json(items), '[]'), 'links', json_build_object(
        'next', CASE WHEN has_older THEN 'before=' || oldest END,
        'prev', CASE WHEN has_newer THEN 'after=' || newest END));
    IF p_with_places THEN
        document := (left(document::text, -1) || ',"places":' || coalesce(array_to_json(places)::text, '[]') || '}')::json;
    END IF;
END
$$;
