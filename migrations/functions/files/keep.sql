-- The file of a message, and what becomes of its content.

-- The file that a message shows; NULL where it has none. Only what is of a file's content_type is asked for.
CREATE FUNCTION messaging.file_json(p_message_id uuid) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT f.file::json FROM messaging.message_files f WHERE f.message_id = p_message_id);
END
$$;

-- Whether messages of a kind show a file.
CREATE FUNCTION messaging.shows_file(p_content_type text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT p_content_type IN ('image', 'file', 'audio', 'video', 'sticker')
$$;

-- What a message shows is this file now: core's `File`; NULL: there is nothing in what was said that could take its place, as
-- in an edit of a caption by a client that says nothing of the file. Where an edit has made a text of it, its file goes. In an
-- encrypted channel it has no name, as that is text. The caller of this function holds the channel's row.
CREATE FUNCTION messaging.keep_file(ch public.channels, m public.messages, p_file jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    former messaging.message_files;
BEGIN
    IF p_file IS NULL THEN
        IF m.edit_event_id IS NOT NULL AND NOT messaging.shows_file(m.content_type) THEN
            PERFORM messaging.forget_file(m);
        END IF;
        RETURN;
    END IF;
    IF ch.is_encrypted THEN
        p_file := p_file || '{"filename": null}';
    END IF;
    SELECT * INTO former FROM messaging.message_files WHERE message_id = m.id;
    INSERT INTO messaging.message_files AS f (message_id, channel_id, content_uri, thumbnail_uri, file)
    VALUES (m.id, ch.id, p_file ->> 'content_uri', p_file ->> 'thumbnail_uri', p_file)
    ON CONFLICT (message_id) DO UPDATE SET
        content_uri = excluded.content_uri, thumbnail_uri = excluded.thumbnail_uri, file = excluded.file;
    PERFORM messaging.keep_replaced(m, ARRAY[former.content_uri, former.thumbnail_uri], p_file);
END
$$;

-- A message shows these contents no more, but for those of its file now (NULL: it has none): Matrix may have them until the
-- message is deleted.
CREATE FUNCTION messaging.keep_replaced(m public.messages, p_content_uris text[], p_file jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    shown text[] := array_remove(ARRAY[p_file ->> 'content_uri', p_file ->> 'thumbnail_uri'], NULL);
BEGIN
    DELETE FROM messaging.replaced_content WHERE message_id = m.id AND content_uri = ANY (shown);
    INSERT INTO messaging.replaced_content (message_id, channel_id, content_uri)
    SELECT DISTINCT m.id, m.channel_id, old.uri FROM unnest(p_content_uris) old (uri)
    WHERE old.uri IS NOT NULL AND old.uri <> ALL (shown)
    ON CONFLICT DO NOTHING;
END
$$;

-- An edit was redacted: the message shows this file again, or none (NULL). p_is_known: Matrix has said so; what the edit brought
-- is then released. Else it is kept for the deletion of the message, with what was replaced before.
CREATE FUNCTION messaging.take_back_file(ch public.channels, m public.messages, p_file jsonb, p_is_known boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    gone messaging.message_files;
BEGIN
    DELETE FROM messaging.message_files WHERE message_id = m.id RETURNING * INTO gone;
    PERFORM messaging.keep_file(ch, m, p_file);
    IF NOT p_is_known THEN
        PERFORM messaging.keep_replaced(m, ARRAY[gone.content_uri, gone.thumbnail_uri], p_file);
        RETURN;
    END IF;
    PERFORM messaging.release_content(m, ARRAY(
        SELECT old.uri FROM unnest(ARRAY[gone.content_uri, gone.thumbnail_uri]) old (uri)
        WHERE old.uri <> coalesce(p_file ->> 'content_uri', '') AND old.uri <> coalesce(p_file ->> 'thumbnail_uri', '')));
END
$$;

-- What is known of an upload; NULL of any other content.
CREATE FUNCTION messaging.upload_json(p_content_uri text) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT json_build_object('filename', u.filename, 'content_type', u.content_type, 'size', u.size)
            FROM messaging.uploads u
            WHERE u.server_name = split_part(p_content_uri, '/', 3) AND u.media_id = split_part(p_content_uri, '/', 4));
END
$$;
