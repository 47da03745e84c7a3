-- How common words are, from the newest messages before a place, and what a query asks for together.

-- Of how many messages of 500 a beginning of words may be the beginning for it to be looked up: the index reads all that
-- the platform has of it.
CREATE FUNCTION messaging.max_sampled_prefixes() RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT 10
$$;

-- In how many of so many messages each of these is.
CREATE FUNCTION messaging.search_sample(
    p_channels uuid[], p_parts tsquery[], p_time timestamptz, p_id uuid, p_size integer
) RETURNS integer[] LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    share integer := ceil(p_size::numeric / greatest(cardinality(p_channels), 1));
BEGIN
    IF p_channels IS NULL THEN
        RETURN ARRAY(
            WITH sample AS MATERIALIZED (
                SELECT s.lexemes FROM messaging.message_search s WHERE (s.created_at, s.message_id) < (p_time, p_id)
                ORDER BY s.created_at DESC, s.message_id DESC LIMIT p_size)
            SELECT (SELECT count(*) FROM sample s WHERE s.lexemes @@ p.part)
            FROM unnest(p_parts) WITH ORDINALITY p (part, number) ORDER BY p.number);
    END IF;
    RETURN ARRAY(
        WITH sample AS MATERIALIZED (
            SELECT n.lexemes FROM unnest(p_channels) AS c (id)
            CROSS JOIN LATERAL (
                SELECT s.lexemes FROM messaging.message_search s
                WHERE s.channel_id = c.id AND (s.created_at, s.message_id) < (p_time, p_id)
                ORDER BY s.created_at DESC, s.message_id DESC LIMIT share) n)
        SELECT (SELECT count(*) FROM sample s WHERE s.lexemes @@ p.part)
        FROM unnest(p_parts) WITH ORDINALITY p (part, number) ORDER BY p.number);
END
$$;

-- Whether a beginning of words may be looked up.
CREATE FUNCTION messaging.may_look_up(p_channels uuid[], p_index tsquery, p_time timestamptz, p_id uuid) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (messaging.search_sample(p_channels, ARRAY[p_index], p_time, p_id, 500))[1] < messaging.max_sampled_prefixes();
END
$$;

-- What a query asks for together, each by itself; of anything else, the whole. The text is as PostgreSQL writes it.
CREATE FUNCTION messaging.search_parts(p_query tsquery) RETURNS tsquery[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    token text;
    part text := '';
    parts tsquery[] := '{}';
    depth integer := 0;
BEGIN
    FOR token IN SELECT (regexp_matches(p_query::text, $r$'(?:[^']|'')*'(?::[*A-D]+)?|[()]|[^'()]+$r$, 'g'))[1] LOOP
        depth := depth + CASE token WHEN '(' THEN 1 WHEN ')' THEN -1 ELSE 0 END;
        IF depth = 0 AND token ~ '^\s*[|!<]' THEN
            RETURN ARRAY[p_query];
        ELSIF depth = 0 AND token ~ '^\s*&\s*$' THEN
            parts := parts || part::tsquery;
            part := '';
        ELSE
            part := part || token;
        END IF;
    END LOOP;
    RETURN parts || part::tsquery;
END
$$;
