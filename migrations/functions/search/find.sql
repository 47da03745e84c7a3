-- What a search finds.

CREATE FUNCTION messaging.search_messages(
    p_caller text, p_microdaos text[], p_query text, p_is_selective boolean, p_filters jsonb, p_channel_id uuid,
    p_microdao_id text, p_cursor jsonb, p_limit integer,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    items json[];
    places json[];
BEGIN
    IF p_channel_id IS NOT NULL THEN
        SELECT lookup.refusal INTO refusal FROM messaging.find_channel(p_caller, p_microdaos, p_channel_id, 'read') lookup;
        IF refusal IS NOT NULL THEN
            RETURN;
        END IF;
    END IF;
    SELECT array_agg(json_build_object('message', messaging.message_document(m, p_caller, NULL, NULL),
            'channel', json_build_object('id', ch.id, 'slug', ch.slug, 'name', ch.name, 'microdao_id', ch.microdao_id,
                'visibility', ch.visibility, 'is_direct', ch.is_direct),
            'room_id', coalesce(m.matrix_room_id, ch.matrix_room_id), 'edit_event_id', m.edit_event_id)),
        array_agg(json_build_object('created_at', messaging.rfc3339(f.created_at), 'message_id', m.id))
    INTO items, places
    FROM (SELECT s.message_id, s.channel_id, s.created_at FROM messaging.message_search s
          JOIN public.channels c ON c.id = s.channel_id
          WHERE (p_query IS NULL OR s.lexemes @@ p_query::tsquery)
              AND messaging.access(c, p_caller, p_microdaos) = 'reads'
              AND (p_channel_id IS NULL OR c.id = p_channel_id) AND (p_microdao_id IS NULL OR c.microdao_id = p_microdao_id)
              AND (p_cursor IS NULL OR (s.created_at, s.message_id)
                  < ((p_cursor ->> 'created_at')::timestamptz, (p_cursor ->> 'message_id')::uuid))
          ORDER BY s.created_at DESC, s.message_id DESC LIMIT p_limit + 1) f
    JOIN public.messages m ON m.id = f.message_id
    JOIN public.channels ch ON ch.id = f.channel_id;
    document := json_build_object('hits', coalesce(array_to_json(items[:p_limit]), '[]'),
        'next', CASE WHEN cardinality(items) > p_limit THEN places[p_limit] END);
END
$$;
