-- The channels that a caller may see, newest first or by activity. A channel's place among them is a time, and its id: when it
-- was made, or when its newest message was sent.

CREATE FUNCTION messaging.place_of_channel(ch public.channels, p_by_activity boolean) RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p_by_activity THEN coalesce(ch.active_at, ch.created_at) ELSE ch.created_at END
$$;

-- By how much the indexes' order by activity may be behind.
CREATE FUNCTION messaging.activity_lag() RETURNS interval LANGUAGE sql IMMUTABLE AS $$
    SELECT interval '30 seconds'
$$;

-- The newest channels of one visibility before a place; with p_microdao_id only that microDAO's.
--
-- Each walks one index and stops. enable_sort is off for the reason that messaging.messages_beside gives, and the
-- inner LIMIT is a constant for the same.
CREATE FUNCTION messaging.channels_before(
    p_visibility text, p_microdao_id text, p_time timestamptz, p_id uuid, p_limit integer
) RETURNS TABLE (place timestamptz, id uuid) LANGUAGE plpgsql STABLE ROWS 50 SET enable_sort = off AS $$
BEGIN
    IF p_microdao_id IS NULL THEN
        RETURN QUERY SELECT newest.created_at, newest.id FROM (
            SELECT ch.created_at, ch.id FROM public.channels ch
            WHERE ch.archived_at IS NULL AND ch.visibility = p_visibility AND (ch.created_at, ch.id) < (p_time, p_id)
                AND NOT (ch.visibility = 'microdao' AND ch.is_direct)
            ORDER BY ch.created_at DESC, ch.id DESC LIMIT 1001) newest LIMIT p_limit;
    ELSE
        RETURN QUERY SELECT newest.created_at, newest.id FROM (
            SELECT ch.created_at, ch.id FROM public.channels ch
            WHERE ch.archived_at IS NULL AND ch.microdao_id = p_microdao_id AND ch.visibility = p_visibility
                AND (ch.created_at, ch.id) < (p_time, p_id) AND NOT (ch.visibility = 'microdao' AND ch.is_direct)
            ORDER BY ch.created_at DESC, ch.id DESC LIMIT 1001) newest LIMIT p_limit;
    END IF;
END
$$;

-- The same by activity: all of the newest p_limit, with what else the indexes have beside the last of them, in no order.
--
-- The indexes' order is behind by up to activity_lag. So the first p_limit that are found in it say down to which place the
-- newest p_limit have to be looked for; where that is more than 5,000 channels, not all of them are.
CREATE FUNCTION messaging.active_channels_before(
    p_visibility text, p_microdao_id text, p_time timestamptz, p_id uuid, p_limit integer
) RETURNS TABLE (place timestamptz, id uuid) LANGUAGE plpgsql STABLE ROWS 50 SET enable_sort = off AS $$
DECLARE
    last_time timestamptz;
BEGIN
    IF p_microdao_id IS NULL THEN
        SELECT nearest.place INTO last_time FROM (
            SELECT coalesce(ch.indexed_active_at, ch.created_at) AS place FROM public.channels ch
            WHERE ch.archived_at IS NULL AND ch.visibility = p_visibility
                AND coalesce(ch.indexed_active_at, ch.created_at) <= p_time
                AND (messaging.place_of_channel(ch, true), ch.id) < (p_time, p_id)
                AND NOT (ch.visibility = 'microdao' AND ch.is_direct)
            ORDER BY coalesce(ch.indexed_active_at, ch.created_at) DESC LIMIT 1001) nearest OFFSET p_limit - 1 LIMIT 1;
        RETURN QUERY SELECT messaging.place_of_channel(ch, true), ch.id FROM public.channels ch
            WHERE ch.archived_at IS NULL AND ch.visibility = p_visibility
                AND coalesce(ch.indexed_active_at, ch.created_at) <= p_time
                AND coalesce(ch.indexed_active_at, ch.created_at)
                    > coalesce(last_time - messaging.activity_lag(), '-infinity')
                AND (messaging.place_of_channel(ch, true), ch.id) < (p_time, p_id)
                AND NOT (ch.visibility = 'microdao' AND ch.is_direct)
            ORDER BY coalesce(ch.indexed_active_at, ch.created_at) DESC LIMIT 5000;
    ELSE
        SELECT nearest.place INTO last_time FROM (
            SELECT coalesce(ch.indexed_active_at, ch.created_at) AS place FROM public.channels ch
            WHERE ch.archived_at IS NULL AND ch.microdao_id = p_microdao_id AND ch.visibility = p_visibility
                AND coalesce(ch.indexed_active_at, ch.created_at) <= p_time
                AND (messaging.place_of_channel(ch, true), ch.id) < (p_time, p_id)
                AND NOT (ch.visibility = 'microdao' AND ch.is_direct)
            ORDER BY coalesce(ch.indexed_active_at, ch.created_at) DESC LIMIT 1001) nearest OFFSET p_limit - 1 LIMIT 1;
        RETURN QUERY SELECT messaging.place_of_channel(ch, true), ch.id FROM public.channels ch
            WHERE ch.archived_at IS NULL AND ch.microdao_id = p_microdao_id AND ch.visibility = p_visibility
                AND coalesce(ch.indexed_active_at, ch.created_at) <= p_time
                AND coalesce(ch.indexed_active_at, ch.created_at)
                    > coalesce(last_time - messaging.activity_lag(), '-infinity')
                AND (messaging.place_of_channel(ch, true), ch.id) < (p_time, p_id)
                AND NOT (ch.visibility = 'microdao' AND ch.is_direct)
            ORDER BY coalesce(ch.indexed_active_at, ch.created_at) DESC LIMIT 5000;
    END IF;
END
$$;

-- The newest channels before a place that the caller is a member of, or, unless p_joined is true, invited to, with a
-- membership that counts. Memberships first, each channel by its key: another order would read all channels.
CREATE FUNCTION messaging.own_channels_before(
    p_caller text, p_microdaos text[], p_microdao_id text, p_time timestamptz, p_id uuid, p_limit integer,
    p_by_activity boolean DEFAULT false, p_joined boolean DEFAULT false
) RETURNS TABLE (place timestamptz, id uuid) LANGUAGE plpgsql STABLE ROWS 50
SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    RETURN QUERY WITH memberships AS MATERIALIZED (
        SELECT channel_id, via_microdao FROM public.channel_members
        WHERE member_id = p_caller AND left_at IS NULL AND NOT (p_joined AND joined_at IS NULL)
    )
    SELECT messaging.place_of_channel(ch, p_by_activity), ch.id FROM memberships m JOIN public.channels ch ON ch.id = m.channel_id
    WHERE (NOT m.via_microdao OR messaging.has_claim(p_microdaos, ch.microdao_id))
        AND ch.archived_at IS NULL AND (p_microdao_id IS NULL OR ch.microdao_id = p_microdao_id)
        AND (messaging.place_of_channel(ch, p_by_activity), ch.id) < (p_time, p_id)
    ORDER BY messaging.place_of_channel(ch, p_by_activity) DESC, ch.id DESC LIMIT p_limit;
END
$$;

-- A page: what messaging.access lets the caller know of; with p_joined, only what they are a member of. p_before_time and
-- p_before_id are the place of the last one of the page before. At most 1,000, whatever p_limit says.
--
-- By activity, a channel in which somebody writes goes to the top, and never down: whoever goes on from page to page sees
-- none twice, and finds what has moved meanwhile on a new first page.
--
-- Each way to see a channel gives its newest ones, and the newest of all are the page: so a page costs what it shows and
-- what the caller is a member of, not what there is. A plan for these arguments alone leaves out some of the ways, so it always
-- seems cheaper, and would be made anew at every call.
CREATE FUNCTION messaging.list_channels(
    p_caller text, p_microdaos text[], p_microdao_id text, p_limit integer, p_before_time text, p_before_id uuid,
    p_joined boolean DEFAULT false, p_by_activity boolean DEFAULT false,
    OUT refusal messaging.refusal, OUT document text
) LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    page_size integer := least(p_limit, 1000);
    -- One more than the page tells whether there is a next one.
    wanted integer := page_size + 1;
    before_time timestamptz := coalesce(p_before_time::timestamptz, 'infinity');
    before_id uuid := coalesce(p_before_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
    -- The microDAOs whose channels are looked through; one NULL stands for all.
    microdao_ids text[] := CASE
        WHEN p_microdao_id IS NULL AND p_microdaos IS NULL THEN ARRAY[NULL::text]
        WHEN p_microdao_id IS NULL THEN ARRAY(SELECT DISTINCT unnest(p_microdaos))
        WHEN messaging.has_claim(p_microdaos, p_microdao_id) THEN ARRAY[p_microdao_id]
        ELSE ARRAY[]::text[] END;
    ids uuid[];
    places timestamptz[];
BEGIN
    WITH ways AS (
        SELECT 'public' AS visibility, p_microdao_id AS microdao_id WHERE NOT p_joined
        UNION ALL SELECT 'microdao', microdao.id FROM unnest(microdao_ids) microdao (id) WHERE NOT p_joined
    )
    SELECT array_agg(v.id), array_agg(v.place) INTO ids, places
    FROM (SELECT seen.place, seen.id FROM (
              SELECT o.place, o.id FROM ways CROSS JOIN LATERAL messaging.channels_before(
                  ways.visibility, ways.microdao_id, before_time, before_id, wanted) o WHERE NOT p_by_activity
              UNION
              SELECT o.place, o.id FROM ways CROSS JOIN LATERAL messaging.active_channels_before(
                  ways.visibility, ways.microdao_id, before_time, before_id, wanted) o WHERE p_by_activity
              UNION
              SELECT o.place, o.id FROM messaging.own_channels_before(
                  p_caller, p_microdaos, p_microdao_id, before_time, before_id, wanted, p_by_activity, p_joined) o) seen
          ORDER BY seen.place DESC, seen.id DESC LIMIT wanted) v;
    document := concat(
        '{"items":[', array_to_string(messaging.channel_documents(ids[:page_size], p_caller, p_microdaos), ','), '],"links":{',
        CASE WHEN cardinality(ids) > page_size THEN concat(
            '"next":"cursor=', messaging.rfc3339(places[page_size]), '_', ids[page_size], '"') END, '}}');
END
$$;
