-- Windows of time, through which a search goes from the newest messages to the oldest.
--
-- A message's slot is the number of its 1,024 seconds since 1970 (message_search.slot); 8 slots are a window of level 1, 64 one
-- of level 2, and so on up to 4,096 slots (48 days). Each window is a key in the same index as the words, so that what a search
-- looks at is what its window has, however much there is before it.

-- How many rows of a window are read at most; where there are more, narrower ones are taken. One slot is read as it is: no
-- homeserver takes so many messages in it that this would matter.
CREATE FUNCTION messaging.max_search_rows() RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT 20000
$$;

-- What is in a window of what p_index asks for, if it asks, and in these channels, if they are named: how many rows that are,
-- and which of them p_words finds, newest first.
--
-- Four statements, since each condition is one of the index, which all of them have to use; a plan for every query would cost
-- more than most queries.
CREATE FUNCTION messaging.search_window(
    p_slot integer, p_level integer, p_index tsquery, p_words tsquery, p_channels uuid[],
    OUT looked_at integer, OUT ids uuid[], OUT channels uuid[], OUT times timestamptz[]
) LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_indexscan = off SET enable_indexonlyscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    key integer := (p_slot >> 3 * p_level) * 8 + p_level;
    most integer := CASE WHEN p_level > 0 THEN messaging.max_search_rows() + 1 END;
BEGIN
    IF p_channels IS NULL AND p_index IS NOT NULL THEN
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
    ELSIF p_index IS NOT NULL THEN
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
    ELSIF p_channels IS NULL THEN
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
    ELSE
        SELECT count(*), array_agg(f.message_id) FILTER (WHERE f.passes), array_agg(f.channel_id) FILTER (WHERE f.passes),
            array_agg(f.created_at) FILTER (WHERE f.passes)
        INTO looked_at, ids, channels, times FROM (
            SELECT * FROM (
                SELECT s.message_id, s.channel_id, s.created_at, p_words IS NULL OR s.lexemes @@ p_words AS passes
                FROM messaging.message_search s
                WHERE ARRAY[s.slot * 8, (s.slot >> 3) * 8 + 1, (s.slot >> 6) * 8 + 2, (s.slot >> 9) * 8 + 3, (s.slot >> 12) * 8 + 4]
                    @> ARRAY[key]
                    AND ARRAY[s.channel_id] && p_channels
                LIMIT most) found
            ORDER BY found.created_at DESC, found.message_id DESC) f;
    END IF;
END
$$;

-- The slot of the newest message before a place, NULL when there is none: times without messages are left out.
CREATE FUNCTION messaging.search_slot_before(p_time timestamptz, p_id uuid, p_channels uuid[]) RETURNS integer
LANGUAGE plpgsql STABLE SET enable_sort = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    -- Ids are only compared within a time.
    latest timestamptz := CASE WHEN p_id = '00000000-0000-0000-0000-000000000000' THEN p_time - interval '1 microsecond'
                          ELSE p_time END;
BEGIN
    IF p_channels IS NULL THEN
        RETURN (SELECT s.slot FROM messaging.message_search s WHERE s.created_at <= latest
                ORDER BY s.created_at DESC, s.message_id DESC LIMIT 1);
    END IF;
    RETURN (SELECT max(floor(extract(epoch FROM newest.created_at AT TIME ZONE 'UTC') / 1024)::integer)
            FROM unnest(p_channels) AS c (id)
            CROSS JOIN LATERAL (SELECT m.created_at FROM public.messages m
                                WHERE m.channel_id = c.id AND m.created_at <= latest
                                ORDER BY m.created_at DESC, m.seq DESC LIMIT 1) newest);
END
$$;
