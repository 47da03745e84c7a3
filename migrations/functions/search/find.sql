-- Finding messages, newest first. A place among them is a time and an id: {"time": …, "id": …}.

-- The messages that words and operators find, of those that the caller may read, before a place.
--
-- p_query: the literal of what the text has to have and must not have, NULL for no words. p_index: that of what is looked up
-- in the index, NULL when the words have nothing of the kind. p_filters: messaging_core::search::Filter as a list.
--
-- A search looks at one window after the other (messaging.search_window), wider ones where little is found, until the page is
-- full. What it looks at is bounded: when it has taken 200 milliseconds, or has read 20,000 rows that nothing is looked up for,
-- it ends with what it has, and `next` goes on from there; so a page may be short, or empty, and not the last one. Where that is
-- does not depend on what the caller may not read, apart from the time that it takes.
CREATE FUNCTION messaging.search_messages(
    p_caller text, p_microdaos text[], p_query text, p_index text, p_filters jsonb, p_channel_id uuid, p_microdao_id text,
    p_cursor jsonb, p_limit integer, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    started timestamptz := clock_timestamp();
    page_size integer := greatest(least(p_limit, 50), 1);
    -- One more than the page tells whether there is a next one.
    wanted integer := page_size + 1;
    words tsquery := p_query::tsquery;
    index_words tsquery := p_index::tsquery;
    scope uuid[];
    -- What messages themselves are asked.
    rest jsonb := '[]';
    filter jsonb;
    named uuid[];
    marks text[];
    since timestamptz := '-infinity';
    -- Everything before this place is still to be looked at.
    place_time timestamptz := coalesce((p_cursor ->> 'time')::timestamptz, 'infinity');
    place_id uuid := coalesce((p_cursor ->> 'id')::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
    slot integer;
    level integer := 0;
    -- The first slot of the window before.
    lowest integer;
    seen record;
    more record;
    rows_read integer := 0;
    ids uuid[] := '{}';
    times timestamptz[] := '{}';
    is_cut boolean := false;
BEGIN
    IF p_channel_id IS NOT NULL THEN
        SELECT lookup.refusal INTO refusal FROM messaging.find_channel(p_caller, p_microdaos, p_channel_id, 'read') lookup;
        IF refusal IS NOT NULL THEN
            RETURN;
        END IF;
        scope := ARRAY[p_channel_id];
    END IF;
    FOR filter IN SELECT jsonb_array_elements(p_filters) LOOP
        marks := messaging.search_marks_of(p_caller, filter);
        IF marks IS NOT NULL AND (filter ->> 'is_negated')::boolean THEN
            words := coalesce(words && !!messaging.search_marked(marks), !!messaging.search_marked(marks));
        ELSIF marks IS NOT NULL THEN
            words := coalesce(words && messaging.search_marked(marks), messaging.search_marked(marks));
            index_words := coalesce(index_words && messaging.search_marked(marks), messaging.search_marked(marks));
        ELSIF filter ->> 'operator' = 'in' THEN
            named := messaging.search_channels(p_caller, p_microdaos, filter ->> 'value');
            IF (filter ->> 'is_negated')::boolean THEN
                rest := rest || (filter || jsonb_build_object('channels', named));
            ELSE
                scope := CASE WHEN scope IS NULL THEN named
                    ELSE ARRAY(SELECT unnest(scope) INTERSECT SELECT unnest(named)) END;
            END IF;
        ELSIF filter ->> 'operator' = 'within' AND NOT (filter ->> 'is_negated')::boolean THEN
            since := greatest(since, (filter #>> '{value,from}')::timestamptz);
            IF (filter #>> '{value,until}')::timestamptz <= place_time THEN
                place_time := (filter #>> '{value,until}')::timestamptz;
                place_id := '00000000-0000-0000-0000-000000000000';
            END IF;
        ELSE
            rest := rest || filter;
        END IF;
    END LOOP;
    scope := coalesce(scope, messaging.search_scope(p_caller, p_microdaos, p_microdao_id));
    LOOP
        slot := messaging.search_slot_before(place_time, place_id, scope);
        EXIT WHEN slot IS NULL OR to_timestamp((slot + 1) * 1024.0) <= since;
        -- Times without messages tell nothing of how many there are before them.
        IF slot < lowest - (1 << 3 * level) THEN
            level := 0;
        END IF;
        seen := messaging.search_window(slot, level, index_words, words, scope);
        rows_read := rows_read + seen.looked_at;
        IF seen.looked_at > messaging.max_search_rows() AND level > 0 THEN
            level := greatest(level - 2, 0);
            CONTINUE;
        END IF;
        more := messaging.search_readable(seen.ids, seen.channels, seen.times, p_caller, p_microdaos, p_microdao_id, rest,
            place_time, place_id, since, wanted - cardinality(ids));
        ids := ids || more.ids;
        times := times || more.times;
        EXIT WHEN cardinality(ids) >= wanted;
        lowest := slot >> 3 * level << 3 * level;
        place_time := to_timestamp(lowest * 1024.0);
        place_id := '00000000-0000-0000-0000-000000000000';
        EXIT WHEN place_time <= since;
        IF clock_timestamp() > started + interval '200 milliseconds'
            OR index_words IS NULL AND rows_read > messaging.max_search_rows() THEN
            is_cut := true;
            EXIT;
        END IF;
        -- As wide as what is missing may need, if it goes on as it did here; where nothing is looked up, all of it is read.
        IF coalesce(cardinality(more.ids), 0) * 8 <= wanted - cardinality(ids)
            AND seen.looked_at <= (CASE WHEN index_words IS NULL THEN 500 ELSE 2500 END) THEN
            level := least(level + 1, 4);
        ELSIF index_words IS NULL AND seen.looked_at > 5000 THEN
            level := greatest(level - 1, 0);
        END IF;
    END LOOP;
    IF cardinality(ids) >= wanted THEN
        is_cut := true;
        ids := ids[:page_size];
        place_time := times[page_size];
        place_id := ids[page_size];
    END IF;
    document := json_build_object(
        'hits', coalesce((SELECT json_agg(hit ORDER BY number) FROM (
            SELECT n.number, messaging.search_hit(n.id, p_caller, p_microdaos) AS hit
            FROM unnest(ids) WITH ORDINALITY n (id, number)) shown WHERE hit IS NOT NULL), '[]'),
        'next', CASE WHEN is_cut THEN json_build_object('time', messaging.rfc3339(place_time), 'id', place_id) END);
END
$$;

-- The first of these messages, as many as are wanted, that the caller may read and that are as the filters say.
CREATE FUNCTION messaging.search_readable(
    p_ids uuid[], p_channels uuid[], p_times timestamptz[], p_caller text, p_microdaos text[], p_microdao_id text, p_filters jsonb,
    p_place_time timestamptz, p_place_id uuid, p_since timestamptz, p_wanted integer, OUT ids uuid[], OUT times timestamptz[]
) LANGUAGE plpgsql STABLE
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    -- One after the other, in their order, until there are enough.
    SELECT array_agg(f.id), array_agg(f.at) INTO ids, times FROM (
        SELECT c.id, c.at FROM (
            SELECT * FROM unnest(p_ids, p_channels, p_times) WITH ORDINALITY n (id, channel_id, at, number)
            WHERE (n.at, n.id) < (p_place_time, p_place_id) AND n.at >= p_since ORDER BY n.number) c
        JOIN public.channels ch ON ch.id = c.channel_id
        LEFT JOIN public.channel_members cm ON cm.channel_id = c.channel_id AND cm.member_id = p_caller
        WHERE (p_microdao_id IS NULL OR ch.microdao_id = p_microdao_id) AND messaging.reads(ch, cm, p_caller, p_microdaos)
            AND (p_filters = '[]' OR messaging.search_passes(c.id, p_caller, p_filters))
        ORDER BY c.number LIMIT p_wanted) f;
END
$$;

-- A message that was found, with its channel, and where its event is.
CREATE FUNCTION messaging.search_hit(p_message_id uuid, p_caller text, p_microdaos text[]) RETURNS json
LANGUAGE plpgsql STABLE AS $$
DECLARE
    m public.messages;
    ch public.channels;
    p messaging.profiles;
BEGIN
    SELECT * INTO m FROM public.messages WHERE id = p_message_id;
    SELECT * INTO ch FROM public.channels WHERE id = m.channel_id;
    IF m.deleted_at IS NOT NULL OR messaging.access(ch, p_caller, p_microdaos) <> 'reads' THEN
        RETURN NULL;
    END IF;
    SELECT * INTO p FROM messaging.profiles WHERE member_id = m.sender_id;
    RETURN json_build_object(
        'message', messaging.message_document(m, p_caller, p.display_name, p.avatar_url),
        'channel', json_build_object('id', ch.id, 'slug', ch.slug, 'name', ch.name, 'microdao_id', ch.microdao_id,
            'visibility', ch.visibility, 'is_direct', ch.is_direct, 'avatar_url', ch.avatar_url,
            'archived_at', messaging.rfc3339(ch.archived_at)),
        'room_id', coalesce(m.matrix_room_id, ch.matrix_room_id), 'event_id', m.matrix_event_id);
END
$$;
