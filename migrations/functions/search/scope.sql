-- Where a caller searches.

-- How many channels are looked up in the index by themselves; for a caller who reads more, it is each message's channel that is
-- looked at.
CREATE FUNCTION messaging.max_search_channels() RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT 16
$$;

-- The channels that a caller may read, archived ones too; NULL when they are more than max_search_channels.
CREATE FUNCTION messaging.search_scope(p_caller text, p_microdaos text[], p_microdao_id text) RETURNS uuid[]
LANGUAGE plpgsql STABLE
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    -- The caller's microDAOs that are searched; NULL: all of them.
    microdaos text[] := CASE WHEN p_microdao_id IS NULL THEN p_microdaos
        WHEN p_microdaos IS NULL OR p_microdao_id = ANY (p_microdaos) THEN ARRAY[p_microdao_id] ELSE '{}' END;
    ids uuid[];
BEGIN
    IF p_caller = 'service:internal' THEN
        RETURN NULL;
    END IF;
    -- Those of all microDAOs and those of some are asked for apart. MATERIALIZED: the latter go by their index, and are read no
    -- further than they are wanted; with the limit in view, a plan would look for them among all.
    ids := ARRAY(
        (SELECT ch.id FROM public.channels ch
         WHERE ch.visibility = 'public' AND p_microdao_id IS NULL
         LIMIT messaging.max_search_channels() + 1)
        UNION
        (WITH own AS MATERIALIZED (
             SELECT ch.id FROM public.channels ch WHERE ch.visibility = 'public' AND ch.microdao_id = p_microdao_id)
         SELECT own.id FROM own LIMIT messaging.max_search_channels() + 1)
        UNION
        (SELECT ch.id FROM public.channels ch
         WHERE ch.visibility = 'microdao' AND p_caller IS NOT NULL AND microdaos IS NULL
             AND messaging.access(ch, p_caller, p_microdaos) = 'reads'
         LIMIT messaging.max_search_channels() + 1)
        UNION
        (WITH own AS MATERIALIZED (
             SELECT c.ch FROM (SELECT DISTINCT unnest(microdaos) AS id) d CROSS JOIN LATERAL (
                 SELECT ch FROM public.channels ch WHERE ch.visibility = 'microdao' AND ch.microdao_id = d.id OFFSET 0) c
             WHERE p_caller IS NOT NULL AND messaging.access(c.ch, p_caller, p_microdaos) = 'reads')
         SELECT (own.ch).id FROM own LIMIT messaging.max_search_channels() + 1)
        UNION
        (SELECT ch.id FROM public.channel_members m JOIN public.channels ch ON ch.id = m.channel_id
         WHERE m.member_id = p_caller AND m.left_at IS NULL AND (p_microdao_id IS NULL OR ch.microdao_id = p_microdao_id)
             AND messaging.access(ch, p_caller, p_microdaos) = 'reads'
         LIMIT messaging.max_search_channels() + 1));
    RETURN CASE WHEN cardinality(ids) <= messaging.max_search_channels() THEN ids END;
END
$$;
