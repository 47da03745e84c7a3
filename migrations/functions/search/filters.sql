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
                 (SELECT member_id FROM messaging.profiles WHERE lower(display_name) = lower(named) LIMIT 20));
END
$$;

-- The channels that the caller may read of those with an id, a slug or a name; at most 50.
CREATE FUNCTION messaging.search_channels(p_caller text, p_microdaos text[], p_name text) RETURNS uuid[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN ARRAY(
        SELECT ch.id FROM (
            SELECT id FROM public.channels
            WHERE p_name ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'
                AND id = CASE WHEN p_name ~ '^[0-9a-fA-F-]{36}$' THEN p_name::uuid END
            UNION
            SELECT id FROM public.channels WHERE slug = p_name
            UNION
            SELECT id FROM public.channels WHERE lower(name) = lower(p_name)) named
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
            RETURN CASE WHEN value IN ('file', 'image', 'audio', 'video', 'link') THEN ARRAY[':has ' || value] END;
        WHEN 'is' THEN
            RETURN CASE value WHEN 'agent' THEN ARRAY[':agent']
                WHEN 'mention' THEN ARRAY[':mentions room'] || (':mentions ' || p_caller) END;
        ELSE RETURN NULL;
    END CASE;
END
$$;

-- Whether a message is as the filters say that marks do not tell.
CREATE FUNCTION messaging.search_passes(p_message_id uuid, p_caller text, p_filters jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
    m public.messages;
    filter jsonb;
    value jsonb;
    holds boolean;
BEGIN
    SELECT * INTO m FROM public.messages WHERE id = p_message_id;
    FOR filter IN SELECT jsonb_array_elements(p_filters) LOOP
        value := filter -> 'value';
        CASE filter ->> 'operator'
            WHEN 'in' THEN
                holds := filter -> 'channels' ? m.channel_id::text;
            WHEN 'within' THEN
                holds := m.created_at >= coalesce((value ->> 'from')::timestamptz, '-infinity')
                    AND m.created_at < coalesce((value ->> 'until')::timestamptz, 'infinity');
            WHEN 'has' THEN
                holds := CASE value #>> '{}'
                    WHEN 'reaction' THEN EXISTS (
                        SELECT FROM public.message_reactions WHERE message_id = m.id AND removed_at IS NULL)
                    WHEN 'thread' THEN EXISTS (SELECT FROM messaging.threads WHERE root_id = m.id AND reply_count > 0)
                    WHEN 'pin' THEN EXISTS (
                        SELECT FROM messaging.pins WHERE channel_id = m.channel_id AND event_id = m.matrix_event_id) END;
            WHEN 'is' THEN
                holds := CASE value #>> '{}'
                    WHEN 'reply' THEN m.reply_to IS NOT NULL OR m.awaited_event_id IS NOT NULL
                    WHEN 'edited' THEN m.edited_at IS NOT NULL
                    WHEN 'unread' THEN messaging.is_unread(m, p_caller) END;
            ELSE holds := NULL;
        END CASE;
        -- An operator that is not known here finds nothing, negated or not.
        IF holds IS DISTINCT FROM NOT (filter ->> 'is_negated')::boolean THEN
            RETURN false;
        END IF;
    END LOOP;
    RETURN true;
END
$$;

-- Whether somebody has not read a message; one in a thread until the thread is read up to it, or the channel. To whom has no
-- marker in the channel nothing is unread.
CREATE FUNCTION messaging.is_unread(m public.messages, p_member_id text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN m.sender_id <> p_member_id AND EXISTS (
        SELECT FROM messaging.channel_reads r
        LEFT JOIN messaging.thread_members t ON t.root_id = m.thread_id AND t.member_id = p_member_id
        WHERE r.channel_id = m.channel_id AND r.member_id = p_member_id AND m.seq > r.read_seq
            AND m.seq > coalesce(t.read_seq, 0));
END
$$;
