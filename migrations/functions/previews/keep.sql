-- The links of messages, kept by the statements that write them. What they show is found by ws-relay afterwards.

-- How many links of a message show what they are.
CREATE FUNCTION messaging.max_links() RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT 3
$$;

-- How many links of a channel may wait. Those of a flood beyond it show nothing.
CREATE FUNCTION messaging.max_waiting_links() RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT 100
$$;

-- How many of them may be of one sender: who floods a channel leaves room for the others.
CREATE FUNCTION messaging.max_waiting_links_of_sender() RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT 30
$$;

-- How long a link waits for its page at most. Nobody looks at the message any more then.
CREATE FUNCTION messaging.max_link_wait() RETURNS interval LANGUAGE sql IMMUTABLE AS $$
    SELECT interval '1 hour'
$$;

-- Whether links of a channel show what they are: where it is public or its microDAO's, or where somebody has said so. To
-- fetch a page tells its server that somebody was sent the link.
CREATE FUNCTION messaging.shows_previews(ch public.channels) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT NOT ch.is_encrypted AND ch.archived_at IS NULL
        AND coalesce(ch.link_previews, ch.visibility <> 'private' AND NOT ch.is_direct)
$$;

-- What a message shows of its links; NULL: nothing.
CREATE FUNCTION messaging.previews_of(p_message_id uuid) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT jsonb_agg(p.page || jsonb_build_object('id', p.id, 'url', p.url) ORDER BY p.place, p.id)
            FROM messaging.message_previews p
            WHERE p.message_id = p_message_id AND p.page IS NOT NULL AND p.removed_at IS NULL);
END
$$;

-- A message has these links from here on, [url, …] as the core finds them in its text (`preview::links`); NULL: none. Returns
-- the message as it is afterwards. The caller of this function holds the channel's row, and the message is not deleted.
--
-- Nothing but rows of this channel is locked: what several channels share is written by whoever reads the pages.
CREATE FUNCTION messaging.keep_links(ch public.channels, m public.messages, p_links jsonb) RETURNS public.messages
LANGUAGE plpgsql AS $$
DECLARE
    links text[];
    changed public.messages;
    gone text[];
BEGIN
    IF jsonb_typeof(p_links) = 'array' AND NOT ch.is_encrypted AND m.matrix_type <> 'm.room.encrypted' THEN
        links := ARRAY(SELECT l.url FROM jsonb_array_elements_text(p_links) WITH ORDINALITY l (url, place)
                       WHERE l.url ~ '^https?://[!-~]+$' AND octet_length(l.url) <= 2000
                       ORDER BY l.place LIMIT messaging.max_links());
    END IF;
    links := coalesce(links, '{}');
    -- One that was taken out stays known, whatever edits come, late or again.
    WITH deleted AS (
        DELETE FROM messaging.message_previews WHERE message_id = m.id AND removed_at IS NULL AND url <> ALL (links)
        RETURNING image_uri
    )
    SELECT array_agg(image_uri) INTO gone FROM deleted;
    PERFORM messaging.release_pictures(gone);
    IF links <> '{}' THEN
        UPDATE messaging.message_previews p SET place = l.place
        FROM unnest(links) WITH ORDINALITY l (url, place)
        WHERE p.message_id = m.id AND p.url = l.url AND p.place <> l.place;
        -- What is found late is no news to anybody.
        IF messaging.shows_previews(ch) AND greatest(m.created_at, m.edited_at) > now() - messaging.max_link_wait() THEN
            INSERT INTO messaging.message_previews (id, message_id, channel_id, url, place, waiting_since)
            SELECT gen_random_uuid(), m.id, ch.id, l.url, l.place, now() FROM unnest(links) WITH ORDINALITY l (url, place)
            WHERE (SELECT count(*) FROM (SELECT FROM messaging.message_previews w
                                         WHERE w.channel_id = ch.id AND w.waiting_since IS NOT NULL
                                         LIMIT messaging.max_waiting_links()) waiting) < messaging.max_waiting_links()
                AND (SELECT count(*) FROM messaging.message_previews w JOIN public.messages s ON s.id = w.message_id
                     WHERE w.channel_id = ch.id AND w.waiting_since IS NOT NULL AND s.sender_id = m.sender_id)
                    < messaging.max_waiting_links_of_sender()
            ON CONFLICT (message_id, url) DO NOTHING;
        END IF;
    END IF;
    IF m.previews IS NOT NULL THEN
        UPDATE public.messages SET previews = messaging.previews_of(m.id)
        WHERE id = m.id AND previews IS DISTINCT FROM messaging.previews_of(m.id) RETURNING * INTO changed;
    END IF;
    RETURN CASE WHEN changed.id IS NULL THEN m ELSE changed END;
END
$$;

-- Nothing of a message's links is kept. It goes with what shows them, so the message's row is written by the caller.
CREATE FUNCTION messaging.forget_links(p_message_id uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    gone text[];
BEGIN
    WITH deleted AS (DELETE FROM messaging.message_previews WHERE message_id = p_message_id RETURNING image_uri)
    SELECT array_agg(image_uri) INTO gone FROM deleted;
    PERFORM messaging.release_pictures(gone);
END
$$;

-- What waits in a channel waits no more: its links show nothing from here on. What is shown stays.
CREATE FUNCTION messaging.stop_waiting_links(p_channel_id uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE messaging.message_previews SET waiting_since = NULL WHERE channel_id = p_channel_id AND waiting_since IS NOT NULL;
END
$$;

-- Tells what a message shows of its links. p_actor_id: who took something out of it.
CREATE FUNCTION messaging.emit_previews(ch public.channels, m public.messages, p_actor_id text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    next_seq bigint := messaging.take_seq(ch.id);
BEGIN
    -- With the edit whose text it tells of, it goes.
    UPDATE messaging.message_edits SET shown_seqs = shown_seqs || next_seq WHERE event_id = m.edit_event_id;
    PERFORM messaging.publish(ch, next_seq, 'messaging.message.preview', jsonb_strip_nulls(jsonb_build_object(
        'message_id', m.id, 'actor_id', p_actor_id)) || jsonb_build_object(
        'previews', coalesce(m.previews, '[]'), 'message', messaging.message_json(m)));
END
$$;
