-- What is kept of a channel or of a person, page by page: {"items", "next"}, where next is the place behind the page, and null at
-- its end. Whoever may export may read everything. What Matrix has of messages the component adds.

-- Where to go on behind a message; NULL and '' are in front of all.
CREATE FUNCTION messaging.place_of_export(p_after text, OUT channel_id uuid, OUT seq bigint) LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    channel_id := coalesce(nullif(split_part(p_after, ' ', 1), ''), '00000000-0000-0000-0000-000000000000')::uuid;
    seq := coalesce(nullif(split_part(p_after, ' ', 2), ''), '0')::bigint;
END
$$;

-- A message as it is exported: its row, where its event is, and its reactions, the first 1,000 of them. No index has them in this
-- order, so sorting is on, whatever is set where this is called.
CREATE FUNCTION messaging.exported_message(m public.messages) RETURNS json LANGUAGE plpgsql STABLE SET enable_sort = on AS $$
BEGIN
    RETURN json_build_object('message', messaging.message_json(m),
        'room_id', coalesce(m.matrix_room_id, (SELECT ch.matrix_room_id FROM public.channels ch WHERE ch.id = m.channel_id)),
        'edit_event_id', m.edit_event_id,
        'reactions', (SELECT coalesce(json_agg(json_build_object('reactor_id', r.reactor_id, 'emoji', r.emoji,
                          'matrix_event_id', r.matrix_event_id, 'created_at', messaging.rfc3339(r.created_at))
                          ORDER BY r.created_at, r.id), '[]')
                      FROM (SELECT * FROM public.message_reactions n WHERE n.message_id = m.id AND n.removed_at IS NULL
                            ORDER BY n.created_at, n.id LIMIT 1000) r));
END
$$;

-- The items of a page, without those that are nothing.
CREATE FUNCTION messaging.exported_items(p_items json[]) RETURNS json LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN (SELECT coalesce(json_agg(i.item ORDER BY i.place), '[]')
            FROM unnest(p_items) WITH ORDINALITY i (item, place) WHERE i.item IS NOT NULL);
END
$$;

-- A page of a channel. p_part: 'channel', 'members', 'messages', 'pins', 'files' or 'audit'.
CREATE FUNCTION messaging.export_channel(
    p_channel_id uuid, p_part text, p_after text, p_limit integer, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    ch public.channels;
    items json[];
    places text[];
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    IF p_part = 'channel' THEN
        items := ARRAY[messaging.channel_json(ch)];
    ELSIF p_part = 'members' THEN
        SELECT array_agg(messaging.member_json(m) ORDER BY m.id), array_agg(m.id::text ORDER BY m.id) INTO items, places
        FROM (SELECT * FROM public.channel_members n WHERE n.channel_id = ch.id
                  AND n.id > coalesce(p_after::uuid, '00000000-0000-0000-0000-000000000000')
              ORDER BY n.id LIMIT p_limit) m;
    ELSIF p_part = 'messages' THEN
        SELECT array_agg(messaging.exported_message(m) ORDER BY m.seq), array_agg(m.seq::text ORDER BY m.seq) INTO items, places
        FROM (SELECT * FROM public.messages n WHERE n.channel_id = ch.id AND n.seq > coalesce(p_after::bigint, 0)
              ORDER BY n.seq LIMIT p_limit) m;
    ELSIF p_part = 'pins' THEN
        SELECT array_agg(json_build_object('matrix_event_id', p.event_id, 'room_id', p.room_id) ORDER BY p.room_id, p.place)
        INTO items FROM messaging.pins p WHERE p.channel_id = ch.id;
    ELSIF p_part = 'files' THEN
        SELECT array_agg(messaging.exported_file(m) ORDER BY m.seq), array_agg(m.seq::text ORDER BY m.seq) INTO items, places
        FROM (SELECT n.* FROM public.messages n WHERE n.channel_id = ch.id AND n.seq > coalesce(p_after::bigint, 0)
              ORDER BY n.seq LIMIT p_limit) m;
    ELSIF p_part = 'audit' THEN
        SELECT array_agg(json_build_object('event_type', e.event_type, 'actor_id', e.actor_id, 'target_id', e.target_id,
                   'metadata', e.metadata, 'created_at', messaging.rfc3339(e.created_at)) ORDER BY e.id),
            array_agg(e.id::text ORDER BY e.id) INTO items, places
        FROM messaging.exported_audit(ch.id, p_after::uuid, p_limit) e;
    END IF;
    document := json_build_object('items', messaging.exported_items(items),
        'next', CASE WHEN cardinality(places) = p_limit THEN places[p_limit] END);
END
$$;

-- A page of a channel's audit log, which only grows: its index goes on behind any of its rows.
CREATE FUNCTION messaging.exported_audit(p_channel_id uuid, p_after uuid, p_limit integer) RETURNS SETOF public.channel_events
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
BEGIN
    RETURN QUERY SELECT * FROM public.channel_events e
    WHERE e.channel_id = p_channel_id AND e.id > coalesce(p_after, '00000000-0000-0000-0000-000000000000')
    ORDER BY e.id LIMIT p_limit;
END
$$;

-- The file that a message shows; NULL where it shows none.
CREATE FUNCTION messaging.exported_file(m public.messages) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT json_build_object('channel_id', m.channel_id, 'message_id', m.id, 'content_uri', f.content_uri, 'file', f.file)
            FROM messaging.message_files f WHERE f.message_id = m.id);
END
$$;

-- A page of a person. p_part: 'profile', 'memberships', 'messages', 'reactions', 'files' or 'uploads'. Of messages those of all
-- channels are gone through, p_scan at a time, so a page may be empty and not be the last one.
CREATE FUNCTION messaging.export_person(
    p_member_id text, p_part text, p_after text, p_limit integer, p_scan integer DEFAULT 2000,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE SET enable_sort = off AS $$
DECLARE
    items json[];
    places text[];
    place record;
    page public.messages[];
    last_one public.messages;
    next text;
BEGIN
    IF p_part = 'profile' THEN
        items := ARRAY(SELECT json_build_object('member_id', p.member_id, 'display_name', p.display_name, 'avatar_url', p.avatar_url)
                       FROM messaging.profiles p WHERE p.member_id = p_member_id);
    ELSIF p_part = 'memberships' THEN
        SELECT array_agg(messaging.member_json(m) ORDER BY m.channel_id), array_agg(m.channel_id::text ORDER BY m.channel_id)
        INTO items, places
        FROM (SELECT * FROM public.channel_members n WHERE n.member_id = p_member_id
                  AND n.channel_id > coalesce(p_after::uuid, '00000000-0000-0000-0000-000000000000')
              ORDER BY n.channel_id LIMIT p_limit) m;
        next := CASE WHEN cardinality(places) = p_limit THEN places[p_limit] END;
    ELSIF p_part = 'uploads' THEN
        SELECT array_agg(json_build_object('content_uri', 'mxc://' || u.server_name || '/' || u.media_id, 'filename', u.filename,
                   'content_type', u.content_type, 'size', u.size, 'sha256', u.sha256, 'channel_id', u.channel_id,
                   'created_at', messaging.rfc3339(u.created_at)) ORDER BY u.created_at, u.media_id)
        INTO items FROM (SELECT * FROM messaging.uploads n WHERE n.uploader_id = p_member_id
                         ORDER BY n.created_at, n.media_id LIMIT 100000) u;
    ELSE
        place := messaging.place_of_export(p_after);
        page := ARRAY(SELECT m FROM public.messages m WHERE (m.channel_id, m.seq) > (place.channel_id, place.seq)
                      ORDER BY m.channel_id, m.seq LIMIT p_scan);
        last_one := page[cardinality(page)];
        IF p_part = 'reactions' THEN
            items := ARRAY(
                SELECT json_build_object('channel_id', m.channel_id, 'message_id', m.id, 'emoji', r.emoji,
                    'matrix_event_id', r.matrix_event_id, 'created_at', messaging.rfc3339(r.created_at))
                FROM unnest(page) WITH ORDINALITY m CROSS JOIN LATERAL (
                    SELECT * FROM public.message_reactions n
                    WHERE n.message_id = m.id AND n.reactor_id = p_member_id AND n.removed_at IS NULL OFFSET 0) r
                ORDER BY m.ordinality, r.emoji);
        ELSE
            -- As many as fit: the next page begins behind the last one of these.
            page := ARRAY(SELECT m.m FROM (SELECT p AS m FROM unnest(page) p) m
                          WHERE (m.m).sender_id = p_member_id ORDER BY (m.m).channel_id, (m.m).seq LIMIT p_limit);
            IF cardinality(page) = p_limit THEN
                last_one := page[p_limit];
            END IF;
            items := ARRAY(SELECT CASE WHEN p_part = 'files' THEN messaging.exported_file(m) ELSE messaging.exported_message(m) END
                           FROM unnest(page) m);
        END IF;
        next := last_one.channel_id || ' ' || last_one.seq;
    END IF;
    document := json_build_object('items', messaging.exported_items(items), 'next', next);
END
$$;
