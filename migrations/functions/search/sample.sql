-- How common words are, from the newest messages before a place: which one to look up first, and whether at all.

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

-- Of what a query asks for together, what the newest messages of these channels have the least.
CREATE FUNCTION messaging.search_rarest(p_channels uuid[], p_query tsquery, p_time timestamptz, p_id uuid) RETURNS tsquery
LANGUAGE plpgsql STABLE AS $$
DECLARE
    parts tsquery[] := messaging.search_parts(p_query);
BEGIN
    IF cardinality(parts) = 1 THEN
        RETURN p_query;
    END IF;
    RETURN (SELECT p.part FROM unnest(parts, messaging.search_sample(p_channels, parts, p_time, p_id, 200)) AS p (part, messages)
            ORDER BY p.messages LIMIT 1);
END
$$;
