-- Where a search looks: at the newest messages of a few channels, or at windows of time, from the newest to the oldest.
--
-- A message's slot is the number of its 1,024 seconds since 1970 (message_search.slot); 8 slots are a window of level 1, 64 one
-- of level 2, and so on up to 4,096 slots (48 days). Each window is a key in the same index as the words, so that what a search
-- looks at is what its window has, however much there is before it.

-- How many rows are read at most before a search does something else: looks up a beginning of words, or ends its page.
CREATE FUNCTION messaging.max_search_rows() RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT 20000
$$;

-- How many rows are read of a window; where it has more, narrower ones are taken.
CREATE FUNCTION messaging.max_window_rows() RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT 5000
$$;

-- What is in a window, and in these channels, if they are named, of what p_index asks for, if it asks: how many rows that are,
-- and which of them p_words finds, newest first. Without a level the window is all time.
--
-- Each is a statement of its own, since each condition is one of the index, which all of them have to use; a plan for every
-- query would cost more than most queries.
CREATE FUNCTION messaging.search_window(
    p_slot integer, p_level integer, p_index tsquery, p_words tsquery, p_channels uuid[],
    OUT looked_at integer, OUT ids uuid[], OUT channels uuid[], OUT times timestamptz[]
) LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_indexscan = off SET enable_indexonlyscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    key integer := (p_slot >> 3 * p_level) * 8 + p_level;
    most integer := messaging.max_window_rows() + 1;
BEGIN
    IF p_channels IS NULL AND p_index IS NULL THEN
        SELECT count(*), array_agg(f.message_id) FILTER (WHERE f.passes), array_agg(f.channel_id) FILTER (WHERE f.passes),
            array_agg(f.created_at) FILTER (WHERE f.passes)
        INTO looked_at, ids, channels, times FROM (
            SELECT * FROM (
                SELECT s.message_id, s.channel_id, s.created_at, p_words IS NULL OR s.lexemes @@ p_words AS passes
                FROM messaging.message_search s
                WHERE ARRAY[s.slot * 8, (s.slot >> 3) * 8 + 1, (s.slot >> 6) * 8 + 2, (s.slot >> 9) * 8 + 3, (s.slot >> 12) * 8 + 4]
                    @> ARRAY[key]
                LIMIT most) found
            ORDER BY found.created_at DESC, found.message_id DESC) f;
    ELSIF p_channels IS NULL THEN
        SELECT count(*), array_agg(f.message_id) FILTER (WHERE f.passes), array_agg(f.channel_id) FILTER (WHERE f.passes),
            array_agg(f.created_at) FILTER (WHERE f.passes)
        INTO looked_at, ids, channels, times FROM (
            SELECT * FROM (
                SELECT s.message_id, s.channel_id, s.created_at, p_words IS NULL OR s.lexemes @@ p_words AS passes
                FROM messaging.message_search s
                WHERE ARRAY[s.slot * 8, (s.slot >> 3) * 8 + 1, (s.slot >> 6) * 8 + 2, (s.slot >> 9) * 8 + 3, (s.slot >> 12) * 8 + 4]
                    @> ARRAY[key]
                    AND s.lexemes @@ p_index
                LIMIT most) found
            ORDER BY found.created_at DESC, found.message_id DESC) f;
    ELSE
        SELECT count(*), array_agg(f.message_id) FILTER (WHERE f.passes), array_agg(f.channel_id) FILTER (WHERE f.passes),
            array_agg(f.created_at) FILTER (WHERE f.passes)
        INTO looked_at, ids, channels, times FROM (
            SELECT * FROM (
                SELECT s.message_id, s.channel_id, s.created_at, p_words IS NULL OR s.lexemes @@ p_words AS passes
                FROM messaging.message_search s
                WHERE ARRAY[s.slot * 8, (s.slot >> 3) * 8 + 1, (s.slot >> 6) * 8 + 2, (s.slot >> 9) * 8 + 3, (s.slot >> 12) * 8 + 4]
                    @> ARRAY[key]
                    AND s.lexemes @@ p_index AND ARRAY[s.channel_id] && p_channels
                LIMIT most) found
            ORDER BY found.created_at DESC, found.message_id DESC) f;
    END IF;
END
$$;

-- The same of all time in these channels. p_rarest is one of the words that p_index asks for together: the index looks for the
-- others only where the channels have that one, as it is a condition of its own in front of theirs.
CREATE FUNCTION messaging.search_channels_for(
    p_index tsquery, p_rarest tsquery, p_words tsquery, p_channels uuid[],
    OUT looked_at integer, OUT ids uuid[], OUT channels uuid[], OUT times timestamptz[]
) LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_indexscan = off SET enable_indexonlyscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    most integer := messaging.max_window_rows() + 1;
BEGIN
    SELECT count(*), array_agg(f.message_id) FILTER (WHERE f.passes), array_agg(f.channel_id) FILTER (WHERE f.passes),
        array_agg(f.created_at) FILTER (WHERE f.passes)
    INTO looked_at, ids, channels, times FROM (
        SELECT * FROM (
            SELECT s.message_id, s.channel_id, s.created_at, p_words IS NULL OR s.lexemes @@ p_words AS passes
            FROM messaging.message_search s
            WHERE ARRAY[s.channel_id] && p_channels AND s.lexemes @@ p_rarest AND s.lexemes @@ p_index
            LIMIT most) found
        ORDER BY found.created_at DESC, found.message_id DESC) f;
END
$$;

-- The newest messages before a place in these channels: how many rows were read, which of them p_words finds, the place of
-- the last one that was read, NULL when there are no more, and of p_parts, if they are asked for, how many rows have each. Of each
-- channel as many are read, and what is older than the last one of any of them is left for the next time; without channels, of all
-- together. enable_sort is off for the reason that messaging.messages_beside gives; what has to be sorted then seems costly
-- enough to be compiled, so jit is off.
CREATE FUNCTION messaging.search_look(
    p_channels uuid[], p_words tsquery, p_parts tsquery[], p_time timestamptz, p_id uuid, p_limit integer,
    OUT looked_at integer, OUT ids uuid[], OUT channels uuid[], OUT times timestamptz[], OUT last_time timestamptz,
    OUT last_id uuid, OUT have integer[]
) LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    share integer := ceil(p_limit::numeric / greatest(cardinality(p_channels), 1));
BEGIN
    IF p_channels IS NULL THEN
        SELECT count(*), array_agg(n.message_id) FILTER (WHERE n.passes), array_agg(n.channel_id) FILTER (WHERE n.passes),
            array_agg(n.created_at) FILTER (WHERE n.passes)
        INTO looked_at, ids, channels, times FROM (
            SELECT s.message_id, s.channel_id, s.created_at, p_words IS NULL OR s.lexemes @@ p_words AS passes
            FROM messaging.message_search s WHERE (s.created_at, s.message_id) < (p_time, p_id)
            ORDER BY s.created_at DESC, s.message_id DESC LIMIT p_limit) n;
        SELECT s.created_at, s.message_id INTO last_time, last_id
        FROM messaging.message_search s WHERE (s.created_at, s.message_id) < (p_time, p_id)
        ORDER BY s.created_at DESC, s.message_id DESC OFFSET p_limit - 1 LIMIT 1;
        RETURN;
    END IF;
    WITH newest AS MATERIALIZED (
        SELECT n.* FROM unnest(p_channels) AS c (id)
        CROSS JOIN LATERAL (
            SELECT s.message_id, s.channel_id, s.created_at, p_words IS NULL OR s.lexemes @@ p_words AS passes,
                CASE WHEN p_parts IS NOT NULL THEN s.lexemes END AS lexemes,
                row_number() OVER (ORDER BY s.created_at DESC, s.message_id DESC) AS number
            FROM messaging.message_search s
            WHERE s.channel_id = c.id AND (s.created_at, s.message_id) < (p_time, p_id)
            ORDER BY s.created_at DESC, s.message_id DESC LIMIT share) n
    ), last AS MATERIALIZED (
        SELECT n.created_at, n.message_id FROM newest n WHERE n.number = share
        ORDER BY n.created_at DESC, n.message_id DESC LIMIT 1
    )
    SELECT (SELECT count(*) FROM newest), array_agg(f.message_id), array_agg(f.channel_id), array_agg(f.created_at),
        (SELECT last.created_at FROM last), (SELECT last.message_id FROM last),
        ARRAY(SELECT (SELECT count(*) FROM newest n WHERE n.lexemes @@ p.part)
              FROM unnest(p_parts) WITH ORDINALITY p (part, number) ORDER BY p.number)
    INTO looked_at, ids, channels, times, last_time, last_id, have FROM (
        SELECT n.* FROM newest n
        WHERE n.passes AND NOT EXISTS (SELECT FROM last WHERE (n.created_at, n.message_id) < (last.created_at, last.message_id))
        ORDER BY n.created_at DESC, n.message_id DESC) f;
END
$$;

-- How many messages have to be read before a place in these channels, as of each as many are read, until there are no more; counted
-- up to p_limit.
CREATE FUNCTION messaging.search_rows_left(
    p_channels uuid[], p_since timestamptz, p_time timestamptz, p_id uuid, p_limit integer
) RETURNS integer LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    share integer := ceil(p_limit::numeric / greatest(cardinality(p_channels), 1));
BEGIN
    RETURN (SELECT max(n.rows) * cardinality(p_channels) FROM unnest(p_channels) AS c (id)
            CROSS JOIN LATERAL (
                -- One more: only where one is missing it is known that there are no more.
                SELECT count(*) + 1 AS rows FROM (
                    SELECT FROM messaging.message_search s
                    WHERE s.channel_id = c.id AND (s.created_at, s.message_id) < (p_time, p_id) AND s.created_at >= p_since
                    ORDER BY s.created_at DESC, s.message_id DESC LIMIT share) one) n);
END
$$;

-- The slot of the newest message before a place, NULL when there is none: times without messages are left out.
CREATE FUNCTION messaging.search_slot_before(p_time timestamptz, p_id uuid, p_channels uuid[]) RETURNS integer
LANGUAGE plpgsql STABLE SET enable_sort = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    IF p_channels IS NULL THEN
        RETURN (SELECT s.slot FROM messaging.message_search s WHERE (s.created_at, s.message_id) < (p_time, p_id)
                ORDER BY s.created_at DESC, s.message_id DESC LIMIT 1);
    END IF;
    RETURN (SELECT max(newest.slot) FROM unnest(p_channels) AS c (id)
            CROSS JOIN LATERAL (SELECT s.slot FROM messaging.message_search s
                                WHERE s.channel_id = c.id AND (s.created_at, s.message_id) < (p_time, p_id)
                                ORDER BY s.created_at DESC, s.message_id DESC LIMIT 1) newest);
END
$$;
