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
-- its thread or reply to it; with the deleted ones where p_with_deleted says so. A place is a place whether its message is
-- deleted or not.
--
-- Each of the four ways is a statement of its own that walks an index from one side, or two side by side. Where most channels are small, the
-- planner would rather read and sort a whole channel, and a large one is sorted for every page: enable_sort forbids it.
-- The inner LIMIT is a constant, because the planner takes an unknown one for a tenth of the channel.
CREATE FUNCTION messaging.messages_beside(
    p_channel_id uuid, p_thread_id uuid, p_seq bigint, p_is_newer boolean, p_limit integer, p_with_deleted boolean
) RETURNS SETOF public.messages LANGUAGE plpgsql STABLE ROWS 50 SET enable_sort = off AS $$
BEGIN
    IF p_with_deleted THEN
        RETURN QUERY SELECT * FROM messaging.all_messages_beside(p_channel_id, p_thread_id, p_seq, p_is_newer, p_limit);
    ELSIF p_thread_id IS NULL AND p_is_newer THEN
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

-- The same with the deleted ones.
CREATE FUNCTION messaging.all_messages_beside(
    p_channel_id uuid, p_thread_id uuid, p_seq bigint, p_is_newer boolean, p_limit integer
) RETURNS SETOF public.messages LANGUAGE plpgsql STABLE ROWS 50 SET enable_sort = off AS $$
BEGIN
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

-- Where a message's event is.
CREATE FUNCTION messaging.place_text(m public.messages, p_channel_id uuid) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN json_build_object('room_id', coalesce(m.matrix_room_id, (
        SELECT ch.matrix_room_id FROM public.channels ch WHERE ch.id = p_channel_id)), 'edit_event_id', m.edit_event_id);
END
$$;

-- A page, newest first: after a place the nearest messages, otherwise the newest ones. At most 200, whatever p_limit says.
-- p_with_deleted: deleted messages are on it too, without their text. p_with_places: which room holds each one's event is told
-- beside them. The links are the page's neighbours of the same kind.
--
-- What is read most, a channel's living messages downwards, is in the statement itself: handed on by messages_beside, each row
-- costs as much again. Sorting is off for the reason that messages_beside gives; jit is, because what has to be sorted
-- nevertheless seems costly then. And for a small page a plan of its own seems cheap, which takes longer to make than the page.
CREATE FUNCTION messaging.list_messages(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_limit integer, p_before jsonb, p_after jsonb, p_thread_id uuid,
    p_with_deleted boolean DEFAULT false, p_with_places boolean DEFAULT false,
    OUT refusal messaging.refusal, OUT document text
) LANGUAGE plpgsql STABLE SET enable_sort = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    page_size integer := least(p_limit, 200);
    -- The page lies strictly between these two.
    above bigint := 0;
    below bigint := 9223372036854775807;
    is_newer boolean := p_after IS NOT NULL;
    items text[];
    numbers bigint[];
    places text[];
    -- How many were read at the far end that are not on the page.
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
    IF is_newer THEN
        above := messaging.seq_after(p_channel_id, p_after);
    END IF;
    IF above IS NULL OR below IS NULL THEN
        refusal := 'position_not_found';
        RETURN;
    END IF;
    -- The nearest first. One more than the page is read: where there is one, the page has a neighbour on that side.
    IF p_after IS NULL AND p_thread_id IS NULL AND NOT p_with_deleted THEN
        SELECT array_agg(messaging.message_document(m, p_caller, s.name, s.avatar_url, s.has_thread, s.has_reactions)),
            array_agg(m.seq), array_agg(messaging.place_text(m, p_channel_id)) FILTER (WHERE p_with_places)
        INTO items, numbers, places
        FROM (SELECT * FROM (
                  SELECT * FROM public.messages o WHERE o.channel_id = p_channel_id AND o.seq < below AND o.deleted_at IS NULL
                  ORDER BY o.seq DESC LIMIT 201) nearest LIMIT page_size + 1) m
        CROSS JOIN LATERAL messaging.shown_with(m.id, m.sender_id) s;
    ELSE
        SELECT array_agg(messaging.message_document(m, p_caller, s.name, s.avatar_url, s.has_thread, s.has_reactions)),
            array_agg(m.seq), array_agg(messaging.place_text(m, p_channel_id)) FILTER (WHERE p_with_places),
            count(*) FILTER (WHERE m.seq >= below)
        INTO items, numbers, places, beyond
        FROM messaging.messages_beside(p_channel_id, p_thread_id, CASE WHEN is_newer THEN above ELSE below END, is_newer,
                                       page_size + 1, p_with_deleted) m
        CROSS JOIN LATERAL messaging.shown_with(m.id, m.sender_id) s;
    END IF;
    IF is_newer THEN
        beyond := greatest(beyond, cardinality(numbers) - page_size);
        has_newer := beyond > 0;
        page_size := cardinality(numbers) - beyond;
        -- The newest first.
        numbers := ARRAY(SELECT numbers[n] FROM generate_series(page_size, 1, -1) n);
        items := ARRAY(SELECT items[n] FROM generate_series(page_size, 1, -1) n);
        places := ARRAY(SELECT places[n] FROM generate_series(page_size, 1, -1) n);
    ELSE
        has_older := cardinality(numbers) > page_size;
        numbers := numbers[:page_size];
        items := items[:page_size];
        places := places[:page_size];
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
    document := concat(
        '{"items":[', array_to_string(items, ','),
        '],"links":{"next":', coalesce(CASE WHEN has_older THEN '"before=' || oldest || '"' END, 'null'),
        ',"prev":', coalesce(CASE WHEN has_newer THEN '"after=' || newest || '"' END, 'null'), '}',
        CASE WHEN p_with_places THEN concat(',"places":[', array_to_string(places, ','), ']') END, '}');
END
$$;
