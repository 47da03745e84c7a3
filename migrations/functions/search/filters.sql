-- The operators of a query, as messaging_core::search::Filter writes them: a list of
-- {"is_negated": …, "operator": …, "value": …}.

-- Whom somebody is meant to be: by an id, with or without its type, or by their name.
CREATE FUNCTION messaging.search_people(p_caller text, p_who jsonb) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    named text := p_who ->> 'named';
BEGIN
    IF named IS NULL THEN
        RETURN array_remove(ARRAY[p_caller], NULL);
    END IF;
    RETURN ARRAY(SELECT unnest(CASE WHEN named LIKE '%:%' THEN ARRAY[named, lower(named)]
                               ELSE ARRAY['user:' || lower(named), 'agent:' || lower(named)] END)
                 UNION
                 (SELECT member_id FROM messaging.profiles WHERE lower(display_name) = lower(named)
                  ORDER BY member_id LIMIT 20));
END
$$;

-- The channels that the caller may read of those with an id, a slug or a name; at most 50. Of very many with one name those are
-- looked at that the caller is in, and 1,000 others, those of their microDAOs first.
CREATE FUNCTION messaging.search_channels(p_caller text, p_microdaos text[], p_name text) RETURNS uuid[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN ARRAY(
        WITH named AS MATERIALIZED (
            SELECT id, microdao_id FROM public.channels
            WHERE id = CASE WHEN p_name ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' THEN p_name::uuid END
            UNION
            SELECT id, microdao_id FROM public.channels WHERE slug = p_name
            UNION
            SELECT id, microdao_id FROM public.channels WHERE lower(name) = lower(p_name)
        )
        SELECT ch.id FROM (
            (SELECT id FROM named ORDER BY messaging.has_claim(p_microdaos, microdao_id) DESC, id LIMIT 1000)
            UNION
            SELECT n.id FROM named n JOIN public.channel_members m ON m.channel_id = n.id AND m.member_id = p_caller) looked_at
        JOIN public.channels ch USING (id)
        WHERE messaging.access(ch, p_caller, p_microdaos) = 'reads' ORDER BY ch.id LIMIT 50);
END
$$;

-- The marks that a filter asks for; NULL when it is none that marks tell.
CREATE FUNCTION messaging.search_marks_of(p_caller text, p_filter jsonb) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
DECLARE
    value text := p_filter ->> 'value';
BEGIN
    CASE p_filter ->> 'operator'
        WHEN 'from' THEN
            RETURN ARRAY(SELECT ':from ' || id FROM unnest(messaging.search_people(p_caller, p_filter -> 'value')) AS n (id));
        WHEN 'mentions' THEN
            RETURN ARRAY(SELECT ':mentions ' || id FROM unnest(messaging.search_people(p_caller, p_filter -> 'value')) AS n (id));
        WHEN 'has' THEN
            RETURN CASE WHEN value IN ('file', 'image', 'audio', 'video', 'link', 'reaction', 'thread', 'pin') THEN ARRAY[':has ' || value] END;
        WHEN 'is' THEN
            RETURN CASE value WHEN 'agent' THEN ARRAY[':agent']
                WHEN 'mention' THEN ARRAY[':mentions room'] || (':mentions ' || p_caller) END;
        ELSE RETURN NULL;
    END CASE;
END
$$;

-- What words and operators ask for together: the words and marks that a text has to have and must not have (words); those that
-- are looked up in the index (index_tsquery); the channels, if they are named; from when on and until when; and in `rest` what
-- the messages themselves tell: `reply`, `edited`, `unread`: whether they are to be so; `not_in`, `not_within`.
-- p_scope: the channel that is searched, if it is one.
CREATE FUNCTION messaging.search_asked(
    p_caller text, p_microdaos text[], p_query text, p_index text, p_filters jsonb, p_scope uuid[],
    OUT words tsquery, OUT index_tsquery tsquery, OUT scope uuid[], OUT since timestamptz, OUT until timestamptz, OUT rest jsonb
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    filter jsonb;
    is_negated boolean;
    operator text;
    value text;
    marks text[];
    marked tsquery;
BEGIN
    words := p_query::tsquery;
    index_tsquery := p_index::tsquery;
    scope := p_scope;
    since := '-infinity';
    until := 'infinity';
    rest := '{}';
    FOR filter IN SELECT jsonb_array_elements(p_filters) LOOP
        is_negated := filter ->> 'is_negated';
        operator := filter ->> 'operator';
        value := filter ->> 'value';
        marks := messaging.search_marks_of(p_caller, filter);
        IF marks IS NOT NULL THEN
            marked := messaging.search_marked(marks);
            words := coalesce(words && CASE WHEN is_negated THEN !!marked ELSE marked END,
                              CASE WHEN is_negated THEN !!marked ELSE marked END);
            IF NOT is_negated THEN
                -- Words are looked up by themselves where they are more than beginnings.
                index_tsquery := CASE WHEN index_tsquery IS NULL OR strpos(index_tsquery::text, ':*') > 0 THEN marked
                                 ELSE index_tsquery && marked END;
            END IF;
        ELSIF operator = 'in' AND is_negated THEN
            rest := jsonb_set(rest, '{not_in}', coalesce(rest -> 'not_in', '[]')
                || to_jsonb(messaging.search_channels(p_caller, p_microdaos, value)));
        ELSIF operator = 'in' THEN
            scope := CASE WHEN scope IS NULL THEN messaging.search_channels(p_caller, p_microdaos, value)
                ELSE ARRAY(SELECT unnest(scope) INTERSECT
                           SELECT unnest(messaging.search_channels(p_caller, p_microdaos, value))) END;
        ELSIF operator = 'within' AND is_negated THEN
            rest := jsonb_set(rest, '{not_within}', coalesce(rest -> 'not_within', '[]') || (filter -> 'value'));
        ELSIF operator = 'within' THEN
            since := greatest(since, (filter #>> '{value,from}')::timestamptz);
            until := least(until, (filter #>> '{value,until}')::timestamptz);
        ELSIF rest ->> value = is_negated::text
            OR coalesce(value, '') NOT IN ('reply', 'edited', 'unread') THEN
            -- What is asked for and asked to be without, or what is not known here, is found nowhere.
            scope := '{}';
        ELSE
            rest := jsonb_set(rest, ARRAY[value], to_jsonb(NOT is_negated));
        END IF;
    END LOOP;
END
$$;
