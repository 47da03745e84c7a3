-- The channels that a caller may see, newest first. p_before_time and p_before_id are the last ones of the page before.
-- The conditions are messaging.access, written out so that the planner can use the indexes.
CREATE FUNCTION messaging.list_channels(
    p_caller text, p_microdaos text[], p_microdao_id text, p_limit integer, p_before_time text, p_before_id uuid,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    before_time timestamptz := coalesce(p_before_time::timestamptz, 'infinity');
    before_id uuid := coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
    items json[];
    cursors text[];
BEGIN
    -- One more than the page tells whether there is a next one.
    IF p_microdao_id IS NULL THEN
        SELECT array_agg(messaging.channel_json(v)), array_agg(messaging.rfc3339(v.created_at) || '_' || v.id)
        INTO items, cursors
        FROM (SELECT * FROM public.channels ch
              WHERE ch.archived_at IS NULL AND (ch.created_at, ch.id) < (before_time, before_id)
                AND (ch.visibility = 'public'
                     OR ch.id IN (SELECT m.channel_id FROM public.channel_members m
                                  WHERE m.member_id = p_caller AND m.left_at IS NULL AND NOT m.via_microdao)
                     OR messaging.has_claim(p_microdaos, ch.microdao_id)
                        AND (ch.visibility = 'microdao' AND NOT ch.is_direct
                             OR ch.id IN (SELECT m.channel_id FROM public.channel_members m
                                          WHERE m.member_id = p_caller AND m.left_at IS NULL AND m.via_microdao)))
              ORDER BY ch.created_at DESC, ch.id DESC LIMIT p_limit + 1) v;
    ELSE
        SELECT array_agg(messaging.channel_json(v)), array_agg(messaging.rfc3339(v.created_at) || '_' || v.id)
        INTO items, cursors
        FROM (SELECT * FROM public.channels ch
              WHERE ch.archived_at IS NULL AND (ch.created_at, ch.id) < (before_time, before_id)
                AND ch.microdao_id = p_microdao_id
                AND (ch.visibility = 'public'
                     OR ch.id IN (SELECT m.channel_id FROM public.channel_members m
                                  WHERE m.member_id = p_caller AND m.left_at IS NULL AND NOT m.via_microdao)
                     OR messaging.has_claim(p_microdaos, ch.microdao_id)
                        AND (ch.visibility = 'microdao' AND NOT ch.is_direct
                             OR ch.id IN (SELECT m.channel_id FROM public.channel_members m
                                          WHERE m.member_id = p_caller AND m.left_at IS NULL AND m.via_microdao)))
              ORDER BY ch.created_at DESC, ch.id DESC LIMIT p_limit + 1) v;
    END IF;
    document := json_build_object('items', coalesce(array_to_json(items[1:p_limit]), '[]'), 'links',
        CASE WHEN cardinality(items) > p_limit THEN json_build_object('next', 'cursor=' || cursors[p_limit]) ELSE '{}' END);
END
$$;
