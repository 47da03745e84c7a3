-- Where a caller searches.

-- How many channels are looked up in the index by themselves; for a caller who reads more, it is each message's channel that is
-- looked at.
CREATE FUNCTION messaging.max_search_channels() RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT 16
$$;

-- The channels that a caller may read, archived ones too; NULL when they are more than max_search_channels.
CREATE FUNCTION messaging.search_scope(p_caller text, p_microdaos text[], p_microdao_id text) RETURNS uuid[]
LANGUAGE plpgsql STABLE
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    ids uuid[];
BEGIN
    IF p_caller = 'service:internal' THEN
        RETURN NULL;
    END IF;
    ids := ARRAY(
        (SELECT ch.id FROM public.channels ch
         WHERE ch.visibility = 'public' AND (p_microdao_id IS NULL OR ch.microdao_id = p_microdao_id)
         LIMIT messaging.max_search_channels() + 1)
        UNION
        (SELECT ch.id FROM public.channels ch
         WHERE ch.visibility = 'microdao' AND p_caller IS NOT NULL
             AND (p_microdaos IS NULL OR ch.microdao_id = ANY (p_microdaos))
             AND (p_microdao_id IS NULL OR ch.microdao_id = p_microdao_id)
             AND messaging.access(ch, p_caller, p_microdaos) = 'reads'
         LIMIT messaging.max_search_channels() + 1)
        UNION
        (SELECT ch.id FROM public.channel_members m JOIN public.channels ch ON ch.id = m.channel_id
         WHERE m.member_id = p_caller AND m.left_at IS NULL AND (p_microdao_id IS NULL OR ch.microdao_id = p_microdao_id)
             AND messaging.access(ch, p_caller, p_microdaos) = 'reads'
         LIMIT messaging.max_search_channels() + 1));
    RETURN CASE WHEN cardinality(ids) <= messaging.max_search_channels() THEN ids END;
END
$$;
