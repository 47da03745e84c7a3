-- Finding messages, newest first. A place among them is a time and an id: {"time": …, "id": …}.

-- The messages that words and operators find, of those that the caller may read, before a place.
--
-- p_query: the literal of what the text has to have and must not have, NULL for no words. p_index: that of what is looked up
-- in the index, NULL when the words have nothing of the kind. p_filters: messaging_core::search::Filter as a list.
--
-- What a page costs is bounded: after 60 milliseconds, in a few channels also after 20,000 rows that nothing was looked up for, it
-- ends with what it has, and `next` goes on from there; so it may be short, or empty, and not the last one. Where it ends does not
-- tell of what the caller may not read, apart from the time that it takes.
CREATE FUNCTION messaging.search_messages(
    p_caller text, p_microdaos text[], p_query text, p_index text, p_filters jsonb, p_channel_id uuid, p_microdao_id text,
    p_cursor jsonb, p_limit integer, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    page_size integer := greatest(least(p_limit, 50), 1);
    scope uuid[];
    asked record;
    found record;
BEGIN
    IF p_channel_id IS NOT NULL THEN
        SELECT lookup.refusal INTO refusal FROM messaging.find_channel(p_caller, p_microdaos, p_channel_id, 'read') lookup;
        IF refusal IS NOT NULL THEN
            RETURN;
        END IF;
        scope := ARRAY[p_channel_id];
    END IF;
    asked := messaging.search_asked(p_caller, p_microdaos, p_query, p_index, p_filters, scope);
    scope := coalesce(asked.scope, messaging.search_scope(p_caller, p_microdaos, p_microdao_id));
    -- One more than the page tells whether there is a next one.
    found := messaging.search_page(p_caller, p_microdaos, p_microdao_id, scope, asked.words, asked.index_tsquery,
        asked.rest, asked.since, least(asked.until, (p_cursor ->> 'time')::timestamptz),
        CASE WHEN (p_cursor ->> 'time')::timestamptz <= asked.until THEN (p_cursor ->> 'id')::uuid
             ELSE '00000000-0000-0000-0000-000000000000' END, page_size + 1);
    IF cardinality(found.ids) > page_size THEN
        found.place_time := found.times[page_size];
        found.place_id := found.ids[page_size];
    END IF;
    document := json_build_object(
        'hits', coalesce((SELECT json_agg(hit ORDER BY number) FROM (
            -- OFFSET: otherwise each is made twice, to see whether it is there and to show it.
            SELECT n.number, messaging.search_hit(n.id, p_caller, p_microdaos) AS hit
            FROM unnest(found.ids[:page_size]) WITH ORDINALITY n (id, number) OFFSET 0) shown WHERE hit IS NOT NULL), '[]'),
        'next', CASE WHEN found.place_time IS NOT NULL THEN
            json_build_object('time', messaging.rfc3339(found.place_time), 'id', found.place_id) END);
END
$$;

-- The ids and times of what is found before a place, as many as are wanted, and the place from which a search that has ended
-- before goes on.
--
-- Of a few channels the newest messages are read one by one (1.), which finds what is common, and goes on for as long as that
-- costs less than to ask the index: it goes through all that the platform has of a word, however few messages the channels have.
-- Then it is asked: in a few channels for all messages that have the words (2.), unless that is too much, otherwise for one window of
-- time after the other (3.), wider ones where little is found. A beginning of words is only looked up when much reading has not found
-- enough, and never when many words begin so. A slot with more messages than a window may have is read one by one, too.
CREATE FUNCTION messaging.search_page(
    p_caller text, p_microdaos text[], p_microdao_id text, p_channels uuid[], p_words tsquery, p_index tsquery, p_rest jsonb,
    p_since timestamptz, p_time timestamptz, p_id uuid, p_wanted integer,
    OUT ids uuid[], OUT times timestamptz[], OUT place_time timestamptz, OUT place_id uuid
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    ends_at timestamptz := clock_timestamp() + interval '60 milliseconds';
    -- How many messages are read one by one at first, and each time after that. Where words can be looked up: how many are read
    -- without a thought, and at most.
    first_look constant integer := 100;
    second_look constant integer := 3500;
    few_more constant integer := 500;
    most_read constant integer := 3000;
    -- The index goes through what it has of a word so much faster than messages are read, which lie anywhere.
    times_faster constant integer := 2000;
    -- After a window with at most so many rows, of what is looked up or of what is read, comes a wider one.
    few_looked_up constant integer := 600;
    few_read constant integer := 500;
    widest constant integer := 4;
    budget integer := messaging.max_search_rows();
    is_prefix boolean := strpos(p_index::text, ':*') > 0;
    looks_up boolean := p_channels IS NULL AND p_index IS NOT NULL AND NOT is_prefix;
    may_look_up boolean := p_index IS NOT NULL
        AND (NOT is_prefix OR p_channels IS NOT NULL OR messaging.may_look_up(p_channels, p_index, p_time, p_id));
    -- What is asked for together, what of it is the least to look up, as the messages that were read at first tell, and about how
    -- many entries of the index that is.
    parts tsquery[] := CASE WHEN p_channels IS NOT NULL AND p_index IS NOT NULL THEN messaging.search_parts(p_index) END;
    rarest tsquery;
    looked_through float8;
    next_look integer := first_look;
    -- How many were read, how many of them were found, and about how many there are behind them.
    rows_read integer := 0;
    share float8;
    rows_left integer;
    slot integer;
    -- One that is read message by message.
    crowded integer;
    level integer := 0;
    -- The first slot of the window before.
    lowest integer;
    seen record;
    more record;
BEGIN
    ids := '{}';
    times := '{}';
    place_time := p_time;
    place_id := p_id;
    -- 1. The newest messages of a few channels.
    WHILE p_channels IS NOT NULL AND NOT looks_up LOOP
        seen := messaging.search_look(p_channels, p_words, CASE WHEN rarest IS NULL THEN parts END, place_time, place_id, next_look);
        more := messaging.search_readable(seen.ids, seen.channels, seen.times, p_caller, p_microdaos, p_microdao_id, p_rest,
            place_time, place_id, p_since, p_wanted - cardinality(ids));
        ids := ids || more.ids;
        times := times || more.times;
        place_time := seen.last_time;
        place_id := seen.last_id;
        rows_read := rows_read + seen.looked_at;
        budget := budget - seen.looked_at;
        IF cardinality(ids) >= p_wanted OR place_time IS NULL OR place_time < p_since THEN
            place_time := NULL;
            RETURN;
        ELSIF NOT may_look_up AND (budget <= 0 OR clock_timestamp() > ends_at) THEN
            RETURN;
        END IF;
        next_look := second_look;
        IF rarest IS NULL AND may_look_up THEN
            SELECT p.part, (p.have + 0.5) / seen.looked_at * c.reltuples * (numnode(p.part) + 1) / 2 AS entries
            INTO rarest, looked_through FROM unnest(parts, seen.have) AS p (part, have)
            JOIN pg_catalog.pg_class c ON c.oid = 'messaging.message_search'::regclass ORDER BY entries LIMIT 1;
            may_look_up := NOT is_prefix OR messaging.may_look_up(p_channels, p_index, p_time, p_id);
        END IF;
        IF may_look_up AND is_prefix THEN
            looks_up := rows_read >= first_look + second_look;
        ELSIF may_look_up THEN
            -- As many as it takes, if it goes on as it did, and a few more, or all that there are. What is looked up is read, too.
            share := (cardinality(ids) + 0.5) / rows_read;
            next_look := least(greatest((p_wanted - cardinality(ids)) * 1.2 / share, first_look), most_read);
            IF next_look > few_more THEN
                IF looked_through <= first_look::float8 * times_faster THEN
                    looks_up := true;
                ELSIF rows_read < 2 * first_look THEN
                    -- A hundred tell too little of what is dear to look up.
                    next_look := 2 * first_look;
                ELSE
                    rows_left := messaging.search_rows_left(p_channels, p_since, place_time, place_id, most_read);
                    next_look := least(next_look, rows_left);
                    looks_up := looked_through / times_faster + share * rows_left <= next_look;
                END IF;
            END IF;
            looks_up := looks_up OR rows_read + next_look > most_read;
        END IF;
    END LOOP;
    -- 2. Words in a few channels.
    IF p_channels IS NOT NULL THEN
        seen := messaging.search_channels_for(p_index, rarest, p_words, p_channels);
        IF seen.looked_at <= messaging.max_window_rows() THEN
            more := messaging.search_readable(seen.ids, seen.channels, seen.times, p_caller, p_microdaos, p_microdao_id,
                p_rest, place_time, place_id, p_since, p_wanted - cardinality(ids));
            ids := ids || more.ids;
            times := times || more.times;
            place_time := NULL;
            RETURN;
        END IF;
    END IF;
    -- 3. Windows of time.
    LOOP
        slot := messaging.search_slot_before(place_time, place_id, p_channels);
        EXIT WHEN slot IS NULL OR to_timestamp((slot + 1) * 1024.0) <= p_since;
        IF slot = crowded THEN
            seen := messaging.search_look(p_channels, p_words, NULL, place_time, place_id, second_look);
            more := messaging.search_readable(seen.ids, seen.channels, seen.times, p_caller, p_microdaos, p_microdao_id, p_rest,
                place_time, place_id, p_since, p_wanted - cardinality(ids));
            ids := ids || more.ids;
            times := times || more.times;
            place_time := seen.last_time;
            place_id := seen.last_id;
            EXIT WHEN cardinality(ids) >= p_wanted OR place_time IS NULL OR place_time < p_since;
            IF clock_timestamp() > ends_at THEN
                RETURN;
            END IF;
            CONTINUE;
        END IF;
        -- Times without messages tell nothing of how many there are before them.
        IF slot < lowest - (1 << 3 * level) THEN
            level := 0;
        END IF;
        seen := messaging.search_window(slot, level, CASE WHEN looks_up THEN p_index END, p_words, p_channels);
        IF NOT looks_up THEN
            budget := budget - seen.looked_at;
        END IF;
        IF seen.looked_at > messaging.max_window_rows() THEN
            crowded := CASE WHEN level = 0 THEN slot END;
            level := greatest(level - 2, 0);
            CONTINUE;
        END IF;
        more := messaging.search_readable(seen.ids, seen.channels, seen.times, p_caller, p_microdaos, p_microdao_id, p_rest,
            place_time, place_id, p_since, p_wanted - cardinality(ids));
        ids := ids || more.ids;
        times := times || more.times;
        EXIT WHEN cardinality(ids) >= p_wanted;
        lowest := slot >> 3 * level << 3 * level;
        place_time := to_timestamp(lowest * 1024.0);
        place_id := '00000000-0000-0000-0000-000000000000';
        EXIT WHEN place_time <= p_since;
        -- Time alone ends the page here: how many rows were read tells of channels, too, that the caller may not read.
        IF clock_timestamp() > ends_at THEN
            RETURN;
        END IF;
        IF budget <= 0 AND NOT looks_up AND may_look_up THEN
            looks_up := true;
            level := widest;
        -- As wide as what is missing may need, if it goes on as it did here; where nothing is looked up, all of it is read.
        ELSIF coalesce(cardinality(more.ids), 0) * 8 <= p_wanted - cardinality(ids)
            AND seen.looked_at <= (CASE WHEN looks_up THEN few_looked_up ELSE few_read END) THEN
            level := least(level + 1, widest);
        END IF;
    END LOOP;
    place_time := NULL;
END
$$;
