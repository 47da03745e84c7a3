-- Words that may have been meant.

-- Whether a lexeme of a message is the exact form of a word that can be misspelt. By letters, not classes of them, which not
-- every locale knows.
CREATE FUNCTION messaging.is_word(p_lexeme text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT p_lexeme COLLATE "C" ~ '^=[a-zа-яёєіїʼ]{4,32}$'
$$;

-- A word in letters and digits that pg_trgm knows in any locale: one for each letter of Cyrillic, Latin ones as they are, and
-- none for the apostrophe.
CREATE FUNCTION messaging.word_key(p_word text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT translate(p_word, 'абвгдеєжзиіїйклмнопрстуфхцчшщьюяыэёъʼ', 'abvhde0jzyi12klmnoprstufxc34567qw89g')
$$;

-- Whether the words of a channel are learnt: those that a whole microDAO may read.
CREATE FUNCTION messaging.is_learnt_from(ch public.channels) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT ch.visibility IN ('public', 'microdao') AND NOT ch.is_direct
$$;

-- Has the words forgotten by which a message is found until now. Whoever calls it changes or deletes its row in message_search.
CREATE FUNCTION messaging.unlearn_words(m public.messages) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM messaging.search_words_to_learn WHERE message_id = m.id;
    -- What waited was not learnt yet.
    IF NOT FOUND THEN
        INSERT INTO messaging.search_words_to_forget (microdao_id, lexemes)
        SELECT ch.microdao_id, s.lexemes FROM messaging.message_search s JOIN public.channels ch ON ch.id = s.channel_id
        WHERE s.message_id = m.id AND messaging.is_learnt_from(ch);
    END IF;
END
$$;

-- Learns the words of messages that were indexed, and forgets those of what is said no more: of each as many messages as have
-- p_limit lexemes together, and one more. has_more: others wait. One at a time: who finds another at it has nothing to do.
CREATE FUNCTION messaging.learn_words(p_limit integer, OUT refusal messaging.refusal, OUT document json) LANGUAGE plpgsql AS $$
DECLARE
    most constant integer := 50000;
    ids uuid[];
    grown text[];
    forgotten bigint[];
BEGIN
    IF NOT pg_try_advisory_xact_lock('messaging.search_words'::regclass::oid::bigint) THEN
        document := json_build_object('has_more', false);
        RETURN;
    END IF;
    -- Who edits or deletes one of them waits for this statement, and this one for nobody.
    ids := ARRAY(
        SELECT w.message_id FROM (
            SELECT q.message_id, sum(coalesce(length(s.lexemes), 0)) OVER (ORDER BY q.message_id ROWS UNBOUNDED PRECEDING)
                - coalesce(length(s.lexemes), 0) AS before
            FROM (SELECT message_id FROM messaging.search_words_to_learn ORDER BY message_id LIMIT 1000
                  FOR UPDATE SKIP LOCKED) q
            LEFT JOIN messaging.message_search s USING (message_id)) w
        WHERE w.before < p_limit);
    DELETE FROM messaging.search_words_to_learn WHERE message_id = ANY (ids);
    WITH learnt AS (
        INSERT INTO messaging.search_words AS w (microdao_id, word, key, messages, last_seen_at)
        SELECT ch.microdao_id, substr(l.lexeme, 2), messaging.word_key(substr(l.lexeme, 2)), count(*), now()
        FROM messaging.message_search s
        JOIN public.channels ch ON ch.id = s.channel_id AND messaging.is_learnt_from(ch)
        CROSS JOIN LATERAL unnest(s.lexemes) l
        WHERE s.message_id = ANY (ids) AND messaging.is_word(l.lexeme)
        GROUP BY ch.microdao_id, l.lexeme
        ON CONFLICT (microdao_id, word) DO UPDATE SET
            messages = least(w.messages::bigint + excluded.messages, 1000000000),
            last_seen_at = CASE WHEN w.last_seen_at < now() - interval '1 day' THEN now() ELSE w.last_seen_at END
        RETURNING w.microdao_id, w.last_seen_at = now() AS is_new)
    SELECT array_agg(DISTINCT microdao_id) FILTER (WHERE is_new) INTO grown FROM learnt;
    forgotten := ARRAY(
        SELECT f.id FROM (
            SELECT q.id, sum(length(q.lexemes)) OVER (ORDER BY q.id) - length(q.lexemes) AS before
            FROM (SELECT * FROM messaging.search_words_to_forget ORDER BY id LIMIT 1000) q) f
        WHERE f.before < p_limit);
    WITH gone AS (
        DELETE FROM messaging.search_words_to_forget WHERE id = ANY (forgotten) RETURNING microdao_id, lexemes
    ), counted AS (
        SELECT g.microdao_id, substr(l.lexeme, 2) AS word, count(*) AS messages
        FROM gone g CROSS JOIN LATERAL unnest(g.lexemes) l WHERE messaging.is_word(l.lexeme) GROUP BY 1, 2
    ), dropped AS (
        DELETE FROM messaging.search_words w USING counted c
        WHERE w.microdao_id = c.microdao_id AND w.word = c.word AND w.messages <= c.messages)
    UPDATE messaging.search_words w SET messages = w.messages - c.messages FROM counted c
    WHERE w.microdao_id = c.microdao_id AND w.word = c.word AND w.messages > c.messages;
    -- The rarest go, and of those the oldest; a tenth of them at once, so that it is seldom.
    DELETE FROM messaging.search_words w USING (
        SELECT r.microdao_id, r.word FROM unnest(grown) microdao (id)
        CROSS JOIN LATERAL (
            SELECT * FROM messaging.search_words s WHERE s.microdao_id = microdao.id
            ORDER BY s.messages DESC, s.last_seen_at DESC, s.word OFFSET most - most / 10) r
        WHERE (SELECT count(*) FROM messaging.search_words s WHERE s.microdao_id = microdao.id) > most) rare
    WHERE w.microdao_id = rare.microdao_id AND w.word = rare.word;
    document := json_build_object('has_more', EXISTS (SELECT FROM messaging.search_words_to_learn)
        OR EXISTS (SELECT FROM messaging.search_words_to_forget));
END
$$;

-- How many letters have to be changed, left out, put in or swapped with their neighbour to make one word of another (optimal
-- string alignment). Both have at most 32 letters.
CREATE FUNCTION messaging.word_distance(p_one text, p_other text) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    a text[] := string_to_array(p_one, NULL);
    b text[] := string_to_array(p_other, NULL);
    before integer[];
    above integer[] := ARRAY(SELECT generate_series(0, cardinality(b)));
    line integer[];
    cost integer;
BEGIN
    FOR i IN 1..cardinality(a) LOOP
        line := ARRAY[i];
        FOR j IN 1..cardinality(b) LOOP
            cost := least(above[j + 1] + 1, line[j] + 1, above[j] + (a[i] <> b[j])::integer);
            IF i > 1 AND j > 1 AND a[i] = b[j - 1] AND a[i - 1] = b[j] THEN
                cost := least(cost, before[j - 1] + 1);
            END IF;
            line := line || cost;
        END LOOP;
        before := above;
        above := line;
    END LOOP;
    RETURN above[cardinality(b) + 1];
END
$$;

-- The words of a microDAO that are like a word, the likeliest first, at most 8.
--
-- A threshold of its own, as two letters that are swapped leave little of a short word.
CREATE FUNCTION messaging.similar_words(p_word text, p_microdao_id text) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    schema_name text := (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'pg_trgm');
    most integer := CASE WHEN char_length(p_word) < 6 THEN 1 ELSE 2 END;
    words text[];
BEGIN
    -- Not of the function itself: an owner who is no superuser may not make one with a parameter of an extension that is not
    -- loaded yet.
    PERFORM set_config('pg_trgm.similarity_threshold', '0.2', true);
    EXECUTE format(
        'SELECT array_agg(l.word ORDER BY l.distance, l.messages DESC, l.word) FROM (
             SELECT n.word, n.messages, n.distance FROM (
                 SELECT near.word, near.messages, messaging.word_distance($1, near.word) AS distance FROM (
                     SELECT w.word, w.messages FROM messaging.search_words w
                     WHERE ARRAY[w.microdao_id] @> ARRAY[$2] AND w.key OPERATOR(%1$s.%%) $3
                         AND abs(char_length(w.word) - char_length($1)) <= $4 AND w.word <> $1
                     ORDER BY %1$s.similarity(w.key, $3) DESC, w.messages DESC LIMIT 40) near) n
             WHERE n.distance <= $4 ORDER BY n.distance, n.messages DESC, n.word LIMIT 8) l', schema_name)
    INTO words USING p_word, p_microdao_id, messaging.word_key(p_word), most;
    RETURN coalesce(words, '{}');
END
$$;

-- Other words for those of which the caller finds fewer than three messages: [{"word", "suggestions"}]. p_queries finds each
-- word by itself, in any form. What is suggested the caller finds: it is searched for in what they may read.
--
-- Every word costs at most nine searches; after a second no other is begun.
CREATE FUNCTION messaging.suggest_words(
    p_caller text, p_microdaos text[], p_words text[], p_queries text[], p_channel_id uuid, p_microdao_id text,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    few constant integer := 3;
    ends_at timestamptz := clock_timestamp() + interval '1 second';
    microdao_ids text[];
    word text;
    near_id text;
    candidates text[];
    candidate text;
    query text;
    found json;
    suggestions text[];
    words json[] := '{}';
BEGIN
    IF p_channel_id IS NOT NULL THEN
        SELECT lookup.refusal, ARRAY[(lookup.channel).microdao_id] INTO refusal, microdao_ids
        FROM messaging.find_channel(p_caller, p_microdaos, p_channel_id, 'read') lookup;
        IF refusal IS NOT NULL THEN
            RETURN;
        END IF;
    ELSIF p_microdao_id IS NOT NULL THEN
        microdao_ids := ARRAY[p_microdao_id];
    ELSE
        -- Of most callers these are all.
        microdao_ids := ARRAY(
            SELECT id FROM (SELECT unnest(p_microdaos[:20]) AS id
                            UNION SELECT ch.microdao_id FROM (
                                SELECT m.channel_id FROM public.channel_members m
                                WHERE m.member_id = p_caller AND m.left_at IS NULL LIMIT 200) own
                            JOIN public.channels ch ON ch.id = own.channel_id) known
            ORDER BY id LIMIT 20);
    END IF;
    FOR n IN 1..least(cardinality(p_words), 4) LOOP
        word := p_words[n];
        CONTINUE WHEN NOT messaging.is_word('=' || word);
        EXIT WHEN clock_timestamp() > ends_at;
        found := (messaging.search_messages(p_caller, p_microdaos, p_query => p_queries[n], p_index => p_queries[n], p_filters => '[]',
            p_channel_id => p_channel_id, p_microdao_id => p_microdao_id, p_cursor => NULL, p_limit => few)).document;
        CONTINUE WHEN json_array_length(found -> 'hits') >= few;
        suggestions := '{}';
        candidates := '{}';
        FOREACH near_id IN ARRAY microdao_ids LOOP
            EXIT WHEN clock_timestamp() > ends_at;
            candidates := candidates || messaging.similar_words(word, near_id);
        END LOOP;
        candidates := ARRAY(
            SELECT near.one FROM unnest(candidates) near (one) GROUP BY near.one
            ORDER BY messaging.word_distance(word, near.one),
                (SELECT max(w.messages) FROM messaging.search_words w
                 WHERE w.word = near.one AND w.microdao_id = ANY (microdao_ids)) DESC, near.one LIMIT 8);
        FOREACH candidate IN ARRAY candidates LOOP
            EXIT WHEN clock_timestamp() > ends_at;
            -- It has letters alone, so it needs no more than quotes.
            query := '''=' || candidate || '''';
            found := (messaging.search_messages(p_caller, p_microdaos, p_query => query, p_index => query, p_filters => '[]',
                p_channel_id => p_channel_id, p_microdao_id => p_microdao_id, p_cursor => NULL,
                p_limit => 1)).document;
            IF json_array_length(found -> 'hits') > 0 THEN
                suggestions := suggestions || candidate;
            END IF;
        END LOOP;
        IF cardinality(suggestions) > 0 THEN
            words := words || json_build_object('word', word, 'suggestions', suggestions);
        END IF;
    END LOOP;
    document := array_to_json(words);
END
$$;
